// A client with a certificate that opens a WebSocket through a proxy, and sends over it.
// usage: node upgrade.js SOCKET HOST CA CERTIFICATE KEY; answers with what came back
'use strict'

const fs = require('fs')
const https = require('https')

const [socketPath, servername, ca, cert, key] = process.argv.slice(2)
const read = (file) => fs.readFileSync(file)

const request = https.get({
  socketPath, servername, ca: read(ca), cert: read(cert), key: read(key), agent: false,
  headers: { Host: servername, Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==' }
})
request.on('upgrade', (response, socket) => {
  socket.setEncoding('utf8').once('data', (said) => {
    console.log(response.statusCode, said)
    socket.destroy()
  })
  socket.write('over the socket')
})
request.on('response', (response) => console.log(response.statusCode, 'no upgrade'))
request.on('error', (error) => console.log(error.code))
