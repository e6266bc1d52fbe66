// What pimatic does with the files of its `httpsServer` section, and a device that has imported the root certificate.
// usage: node pimatic.js APP_DIR HOST...; answers with a line for each host, and one for a device without the root.
// Without a HOST it says its port, and serves until its standard input ends.
'use strict'

const fs = require('fs')
const https = require('https')
const net = require('net')
const path = require('path')
const { X509Certificate } = require('crypto')

const [app, ...hosts] = process.argv.slice(2)
const section = JSON.parse(fs.readFileSync(path.join(app, 'config.json'))).settings.httpsServer
const file = (name) => fs.readFileSync(path.join(app, section[name]))

const server = https.createServer({ key: file('keyFile'), cert: file('certFile') }, (request, response) => {
  response.end('pimatic')
})

const ask = (host, ca) => new Promise((resolve) => {
  const address = net.isIP(host) ? { host } : { host: '127.0.0.1', servername: host }
  const request = https.get({ ...address, port: server.address().port, ca, agent: false }, (response) => {
    response.setEncoding('utf8').on('data', resolve)
  })
  request.on('error', (error) => resolve(error.code))
})

server.listen(0, '127.0.0.1', async () => {
  if (hosts.length === 0) {
    console.log(server.address().port)
    return process.stdin.on('end', () => process.exit()).resume()
  }
  // Devices take the DER file; Node wants it as PEM.
  const root = new X509Certificate(file('rootCertFile')).toString()
  for (const host of hosts) console.log(host, await ask(host, root))
  console.log('stranger', await ask(hosts[0], undefined))
  server.close()
})
