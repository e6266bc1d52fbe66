"""Serves one line a connection with Python's own TLS: serve.py CERTIFICATE KEY CLIENTS|- clean|cut"""

import socket
import ssl
import sys

certificate, key, clients, end = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
if clients != "-":
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(clients)
listener = socket.create_server(("127.0.0.1", 0))
print(f"ACCEPT 127.0.0.1:{listener.getsockname()[1]}", flush=True)
while True:
    connection, _ = listener.accept()
    try:
        with context.wrap_socket(connection, server_side=True) as tls:
            tls.sendall(tls.recv(1024).upper())
            if end == "clean":
                tls.unwrap()
    except (ssl.SSLError, OSError):
        connection.close()
