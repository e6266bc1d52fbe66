# A client with a certificate that says hello to a broker by MQTT 3.1.1.
# usage: python mqtt.py PORT CA CERTIFICATE KEY; answers with the code of its CONNACK (0: accepted), or why there is none
import socket
import ssl
import sys

port, ca, certificate, key = sys.argv[1:]
context = ssl.create_default_context(cafile=ca)
if certificate:
    context.load_cert_chain(certificate, key)
try:
    with context.wrap_socket(socket.create_connection(("127.0.0.1", int(port)), 30), server_hostname="localhost") as broker:
        broker.sendall(b"\x10\x0d\x00\x04MQTT\x04\x02\x00\x3c\x00\x01a")
        answer = broker.recv(4)
        print(answer[3] if len(answer) == 4 else "closed")
except OSError as error:
    print(type(error).__name__)
