# Serves until it is ended: `tcp ADDRESS PORT` and `udp ADDRESS PORT`, any number of them. Whoever comes is answered.
import socket, sys, threading


def greet(listener):
    while True:
        connection, _ = listener.accept()
        connection.sendall(b"hello")
        connection.close()


def echo(bound):
    while True:
        data, peer = bound.recvfrom(512)
        bound.sendto(data, peer)


arguments = sys.argv[1:]
for kind, address, port in zip(arguments[0::3], arguments[1::3], arguments[2::3]):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    if kind == "tcp":
        serving, work = socket.create_server((address, int(port)), family=family), greet
    else:
        serving, work = socket.socket(family, socket.SOCK_DGRAM), echo
        serving.bind((address, int(port)))
    threading.Thread(target=work, args=[serving], daemon=True).start()
print("ready", flush=True)
threading.Event().wait()
