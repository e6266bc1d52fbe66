# A client with a certificate that gets a page through a proxy, opens a WebSocket, and sends over it.
# usage: python upgrade.py SOCKET HOST CA CERTIFICATE KEY; answers with a line for each
import socket
import ssl
import sys

path, host, ca, certificate, key = sys.argv[1:]
context = ssl.create_default_context(cafile=ca)
context.load_cert_chain(certificate, key)


def connect():
    plain = socket.socket(socket.AF_UNIX)
    plain.settimeout(30)
    plain.connect(path)
    return context.wrap_socket(plain, server_hostname=host)


def read_until(stream, end):
    said = b""
    while end not in said and (more := stream.recv(4096)):
        said += more
    return said


try:
    with connect() as stream:
        stream.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        print(read_until(stream, b"\0").partition(b"\r\n\r\n")[2].decode())
    with connect() as stream:
        upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13"
        nonce = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="
        stream.sendall(f"GET / HTTP/1.1\r\nHost: {host}\r\n{upgrade}\r\n{nonce}\r\n\r\n".encode())
        status = read_until(stream, b"\r\n\r\n").split()[1].decode()
        stream.sendall(b"over the socket")
        print(status, read_until(stream, b"socket").decode())
except (OSError, IndexError) as error:
    print(type(error).__name__)
