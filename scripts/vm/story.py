"""A mail's way through two zones that are in machines of their own, and what happens when one machine is killed.

Called by scripts/vm-test with: the folder of the host's programs, the folder of the static programs, the folder of the
unpacked kernel package. Everything is made in a throw-away folder; everything that is started is ended.
"""

import contextlib
import glob
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

PATIENCE = 180  # seconds until something is taken to hang; nothing here measures
SOURCE = pathlib.Path(__file__).resolve().parents[2]
SAMPLES = SOURCE / "crates/moltctl/samples"
# In the order in which they need each other.
MODULES = ["virtio_ring", "virtio", "virtio_pci_modern_dev", "virtio_pci_legacy_dev", "virtio_pci", "virtio_console"]
BEGUN = time.monotonic()


def say(text):
    print(f"[{time.monotonic() - BEGUN:5.1f} s] {text}", flush=True)


def must(holds, claim, otherwise=""):
    if not holds:
        raise AssertionError(f"{claim}: NOT SO {otherwise}")
    say(f"ok: {claim}")


def until(what, claim, alive=()):
    """Waits for something to be true, and returns it. These processes must live meanwhile."""
    deadline = time.monotonic() + PATIENCE
    while True:
        if any(process.poll() is not None for process in alive):
            raise AssertionError(f"a process ended before this: {claim}")
        with contextlib.suppress(OSError, ValueError, http.client.HTTPException):
            if found := what():
                return found
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {PATIENCE} s: {claim}")
        time.sleep(0.05)


def report(path):
    """What a process says of itself on its health socket."""
    return ask(path, "GET /readyz")


def ask(path, what, targets=None):
    body = b"" if targets is None else json.dumps(targets).encode()
    head = f"{what} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    with socket.socket(socket.AF_UNIX) as stream:
        stream.settimeout(20)
        stream.connect(str(path))
        stream.sendall(head.encode() + body)
        response = http.client.HTTPResponse(stream)
        response.begin()
        return json.loads(response.read())


class Story:
    def __init__(self, programs, static, kernel, folder):
        self.programs, self.static, self.folder = programs, static, folder
        self.home = folder / "h"
        self.vmlinuz = glob.glob(f"{kernel}/boot/vmlinuz-*")[0]
        self.modules = glob.glob(f"{kernel}/lib/modules/*")[0]
        self.running = {}

    def start(self, name, *words):
        log = open(self.folder / f"{name}.log", "ab")
        self.running[name] = subprocess.Popen(
            [str(word) for word in words], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            env={"PATH": os.environ["PATH"]},
        )

    def end(self, name):
        process = self.running.pop(name)
        process.kill()
        process.wait()

    def moltctl(self, *words):
        done = subprocess.run([self.programs / "moltctl", "--home", self.home, *words], capture_output=True, text=True, timeout=PATIENCE)
        if done.returncode:
            raise AssertionError(f"moltctl {' '.join(words)}: {done.stdout}{done.stderr}")
        return done.stdout

    def bridge(self, zone):
        return self.home / "run" / zone / "zone-bridge.sock"

    def health(self, process):
        return self.home / "run" / f"ops-{process}" / "health.sock"

    def ready(self, process):
        return until(lambda: (it := report(self.health(process)))["ready"] and it, f"{process} is ready", self.running.values())

    # === the host ===

    def raise_host(self):
        self.moltctl("init")
        for name in ["executor", "control-plane"]:
            self.start(name, self.programs / f"moltbot-{name}", "--home", self.home)
        for name in ["executor", "control-plane"]:
            until(lambda: report(self.health(name)), f"{name} answers")
        for source in ["telegram", "slack"]:
            self.start(
                f"reader-{source}", self.programs / "moltbot-reader", "--source", source, "--sandbox", "best-effort",
                "--socket", self.bridge(f"reader-{source}"), "--health", self.health(f"reader-{source}"),
            )
            self.ready(f"reader-{source}")
        say("on the host: executor, control plane, two readers")

    # === the machines ===

    def initrd(self, zone, program, words):
        """What is in the machine: a shell for its first program, six modules, the relay, the zone."""
        root = self.folder / f"{zone}.root"
        for folder in ["bin", "lib", "etc", "dev"]:
            (root / folder).mkdir(parents=True)
        shutil.copy("/bin/busybox", root / "bin")
        shutil.copy(SOURCE / "scripts/vm/init", root / "init")
        for name in ["moltbot-link", program]:
            subprocess.run(["strip", "-o", root / "bin" / name, self.static / name], check=True)
        for module in MODULES:
            (found,) = glob.glob(f"{self.modules}/kernel/**/{module}.ko", recursive=True)
            shutil.copy(found, root / "lib")
        (root / "lib/order").write_text("".join(f"{module}\n" for module in MODULES))
        (root / "etc/passwd").write_text("root:x:0:0::/:/bin/sh\nzone:x:1000:1000::/:/bin/sh\n")
        (root / "etc/group").write_text("root:x:0:\nzone:x:1000:\n")
        (root / "zone").write_text(" ".join([program, *words]) + "\n")
        (root / "etc/rules.toml").write_text((self.home / "planner/rules.toml").read_text())
        names = subprocess.run(["find", ".", "-print0"], cwd=root, check=True, capture_output=True).stdout
        with open(self.folder / f"{zone}.initrd", "wb") as packed:
            subprocess.run(["cpio", "--null", "-o", "-H", "newc", "--quiet", "-R", "0:0"], cwd=root, input=names, stdout=packed, check=True)

    def raise_machine(self, zone):
        ports = []
        for port in ["bridge", "health"]:
            path = self.folder / f"{zone}.{port}"
            path.unlink(missing_ok=True)
            ports += ["-chardev", f"socket,path={path},server=on,wait=off,id={port}"]
            ports += ["-device", f"virtserialport,chardev={port},name={port}"]
        self.start(
            f"machine-{zone}", "qemu-system-x86_64", "-nodefaults", "-no-user-config", "-nic", "none", "-display", "none", "-no-reboot",
            "-sandbox", "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny",
            "-M", "pc", "-accel", "tcg", "-m", "192", "-serial", f"file:{self.console(zone)}",
            "-kernel", self.vmlinuz, "-initrd", self.folder / f"{zone}.initrd",
            "-append", "console=ttyS0 quiet panic=-1 lsm=landlock,lockdown,yama",
            "-device", "virtio-serial-pci", *ports,
        )
        begun = time.monotonic()
        until((self.folder / f"{zone}.health").exists, "the machine's ports are there")
        # Its health comes out the way its bridge goes in, the other way round.
        self.start(
            f"health-{zone}", self.programs / "moltbot-link", "guest", "--sandbox", "best-effort",
            "--socket", self.health(zone), "--unix", self.folder / f"{zone}.health",
        )
        return begun

    def relay(self, zone):
        """One relay for each zone, for good: a machine that comes back is met again."""
        self.start(
            f"relay-{zone}", self.programs / "moltbot-link", "host", "--sandbox", "best-effort",
            "--socket", self.bridge(zone), "--unix", self.folder / f"{zone}.bridge",
        )

    def kill_machine(self, zone):
        self.end(f"machine-{zone}")
        self.end(f"health-{zone}")

    def console(self, zone):
        return self.folder / f"{zone}.console"

    def shown(self, zone, word):
        """The last line of the console that begins like this."""
        lines = self.console(zone).read_text(errors="replace").splitlines()
        said = [line.split(f"vm: {word}", 1)[1].strip(": ") for line in lines if f"vm: {word}" in line]
        return said[-1] if said else None

    # === the mail ===

    def deliver(self, sample):
        inbox = self.home / "mail/inbox"
        name = f"{time.time_ns()}.{os.getpid()}.vm"
        shutil.copy(SAMPLES / sample, inbox / "tmp" / name)
        os.rename(inbox / "tmp" / name, inbox / "new" / name)

    def recorded(self, event):
        log = self.home / "audit/executor.jsonl"
        entries = [json.loads(line) for line in log.read_text().splitlines(keepends=True) if line.endswith("\n")]
        return [entry["details"] for entry in entries if entry["event_type"] == event]

    def outbox(self):
        return list((self.home / "mail/outbox/new").iterdir())

    def asked(self):
        return until(lambda: json.loads(self.moltctl("approvals", "list", "--json")), "the planner asks", self.running.values())


def tell(story):
    story.raise_host()
    story.initrd("reader-email", "moltbot-reader", ["--source", "email"])
    story.initrd("planner", "moltbot-planner", ["--rules", "/etc/rules.toml"])
    zones = ["reader-email", "planner"]
    begun = {}
    for zone in zones:
        begun[zone] = story.raise_machine(zone)
        story.relay(zone)
    for zone in zones:
        health = story.ready(zone)
        took = time.monotonic() - begun[zone]
        up = story.shown(zone, "up after")
        say(f"{zone}: served {took:.1f} s after its machine was started, the relay up at {up} of the guest's own clock")
        must(story.shown(zone, "interfaces") == "lo", f"{zone}: its machine has no interface but lo", story.shown(zone, "interfaces"))
        must(story.shown(zone, "network cards") == "0", f"{zone}: its machine has no network card", story.shown(zone, "network cards"))
        say(f"{zone}: security modules in the guest: {story.shown(zone, 'security modules')}")
        walls = health["facts"]["walls"]
        stands = [wall["name"] for wall in walls if wall["state"] == "stands"]
        say(f"{zone}: walls that stand in the guest: {', '.join(stands)}")
        for wall in walls:
            if wall["state"] == "missing":
                say(f"{zone}: missing in the guest: {wall['name']} ({wall['why']})")
        # What Debian's kernel 6.1 does not have: Landlock of version 2 knows files, not ports and not scopes.
        absent = {wall["name"] for wall in walls if wall["state"] == "missing"}
        must(absent <= {"tcp", "scope"}, f"{zone}: every wall stands that the guest's kernel has", absent)
        targets = {"files": ["/etc/passwd", "/init"], "sockets": ["/var/run/zone-bridge/zone-bridge.sock"], "processes": [1]}
        attempts = ask(story.health(zone), "POST /probe", targets)
        through = [attempt["attack"] for attempt in attempts if "got-through" in json.dumps(attempt["result"])]
        must(attempts and not through, f"{zone}: {len(attempts)} attempts to break out of it, tried inside the machine, were refused", through)

    story.deliver("plain.eml")
    (card,) = story.asked()
    must(len(story.recorded("item_cleaned")) == 1, "the mail was read in the reader's machine")
    asked_by = [wish["zone"].split("/")[-1] for wish in story.recorded("capability_requested")]
    must(asked_by == ["planner"], "the wish came in at the planner's socket", asked_by)
    say(f"the planner's machine asks: {card['action']}")
    must(not story.outbox(), "nothing is sent before the owner's yes")
    story.moltctl("approvals", "approve", card["request"])
    (sent,) = until(story.outbox, "the mail is sent")
    must(b"ann.lee@example.org" in sent.read_bytes(), "the answer goes out after it")
    until(lambda: story.recorded("item_settled"), "the mail is settled")

    story.kill_machine("planner")
    say("the planner's machine was killed")
    until(lambda: report(story.health("executor"))["checks"]["planner"] != "ready", "the executor notices")
    must(report(story.health("reader-email"))["ready"], "the reader's machine is served as before")
    checks = report(story.health("executor"))["checks"]
    must([name for name, check in checks.items() if check != "ready"] == ["planner"], "the executor misses the planner and nothing else", checks)
    story.deliver("html.eml")
    until(lambda: len(story.recorded("item_cleaned")) == 2, "a mail is read without the planner")
    for source in ["telegram", "slack"]:
        must(report(story.health(f"reader-{source}"))["ready"], f"the {source} reader is served as before")
    must(story.running["relay-planner"].poll() is None, "the planner's relay waits for another machine")

    begun = story.raise_machine("planner")
    (card,) = story.asked()
    say(f"another machine of the planner, started {time.monotonic() - begun:.1f} s ago, asks what the last one could not")
    story.moltctl("approvals", "deny", card["request"])
    until(lambda: len(story.recorded("item_settled")) == 2, "the second mail is settled")
    must(len(story.outbox()) == 1, "a no sends nothing")
    say(story.moltctl("audit", "verify").strip().splitlines()[0])


def main():
    # So that being told to stop cleans up too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    programs, static, kernel = (pathlib.Path(word).resolve() for word in sys.argv[1:4])
    # Short: the path of a socket must fit into 103 bytes.
    folder = pathlib.Path(tempfile.mkdtemp(prefix="mv", dir="/tmp"))
    story = Story(programs, static, kernel, folder)
    try:
        tell(story)
        say("all of it held")
    except BaseException:
        for log in sorted([*folder.glob("*.log"), *folder.glob("*.console")]):
            print(f"=== {log}\n{log.read_text(errors='replace')[-4000:]}", file=sys.stderr)
        raise
    finally:
        for name in list(story.running):
            story.end(name)
        shutil.rmtree(folder)


main()
