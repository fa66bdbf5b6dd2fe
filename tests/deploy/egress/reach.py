# Tries `tcp ADDRESS PORT` and `udp ADDRESS PORT`, any number of them; prints one line for each that answered.
# As the user REACH_AS, whom this becomes only now: the way to the interpreter need not be open to everybody.
import os, socket, sys

"localhost".encode("idna")  # has what it needs read in
if somebody := os.environ.get("REACH_AS"):
    os.setgroups([])
    os.setresgid(*[int(somebody)] * 3)
    os.setresuid(*[int(somebody)] * 3)
arguments = sys.argv[1:]
for kind, address, port in zip(arguments[0::3], arguments[1::3], arguments[2::3]):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        if kind == "tcp":
            with socket.create_connection((address, int(port)), timeout=5) as connection:
                answered = connection.recv(5) == b"hello"
        else:
            with socket.socket(family, socket.SOCK_DGRAM) as asking:
                asking.settimeout(2)
                asking.connect((address, int(port)))
                asking.send(b"question")
                answered = asking.recv(512) == b"question"
    except OSError as refused:
        print(f"{kind} {address} {port}: {refused}", file=sys.stderr)
        continue
    if answered:
        print(kind, address, port)
