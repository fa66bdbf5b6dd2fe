#!/usr/bin/env python3
"""The peer of `cargo bench -p sanitizer -- mail`: html.parser's text, NFKC, six patterns, the first 10,000 characters.

    cargo bench -p sanitizer -- mail --write /tmp/mails
    python3 crates/sanitizer/benches/seed_pipeline.py /tmp/mails      (needs python3-bs4)

Prints MB/s and messages a second, the median of five passes over the files of the folder, on one core.
"""

import pathlib
import re
import statistics
import sys
import time
import unicodedata
import warnings

from bs4 import BeautifulSoup

INJECTION_PATTERNS = [
    r"ignore\s+(previous|all|above)\s+instructions",
    r"you\s+are\s+now\s+in\s+",
    r"new\s+instructions:",
    r"system\s*:\s*",
    r"<\s*script",
    r"javascript:",
]


def sanitize_content(raw, content_type):
    soup = BeautifulSoup(raw, "html.parser")
    text = soup.get_text(separator=" ")
    text = unicodedata.normalize("NFKC", text)
    warning = any(re.search(pattern, text, re.IGNORECASE) for pattern in INJECTION_PATTERNS)
    text = text[:10000]
    return {
        "body": text,
        "content_type": content_type,
        "injection_warning": warning,
        "original_length": len(raw),
        "sanitized_length": len(text),
    }


def main():
    # It says of many mails that they look like the name of a file.
    warnings.filterwarnings("ignore")
    files = sorted(path for path in pathlib.Path(sys.argv[1]).iterdir() if path.is_file())
    size = sum(path.stat().st_size for path in files)
    mails = [path.read_bytes().decode("utf-8", "replace") for path in files]
    passes, unreadable = [], 0
    for _ in range(5):
        began, unreadable = time.process_time(), 0
        for mail in mails:
            try:
                sanitize_content(mail, "email")
            except Exception:  # html.parser gives up on some real mail
                unreadable += 1
        passes.append(time.process_time() - began)
    took = statistics.median(passes)
    print(f"{len(files)} mails, {size / 1e6:.1f} MB: {size / 1e6 / took:.1f} MB/s, {len(files) / took:.0f} a second; {unreadable} gave it up")


main()
