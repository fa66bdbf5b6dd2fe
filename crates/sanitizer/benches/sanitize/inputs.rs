//! Mail, pages and messages like those that people get, made from a seed.

use sanitizer::ContentType;
use std::fmt::Write as _;

/// A generator of numbers that is the same everywhere (Knuth's MMIX).
pub(crate) struct Dice(u64);

const WORDS: &str = "the of and to in is that it was for on are with as they be at one have this from or had by hot but some what \
    there we can out other were all your when up use word how said each which their time will about many then them would write \
    like these long make thing see him two has look more day could go come did my sound no most number who over know water than \
    call first people may down side been now find any new work part take get place made live where after back little only round \
    man year came show every good give our under name very through just form much great think say help low line before turn \
    cause same mean differ move right boy old too does tell sentence set three want air well also play small end put home read \
    meeting invoice quarterly deadline budget review attached regards schedule tomorrow agenda shipment order Grüße für über \
    café déjà naïve résumé";

const STYLES: [&str; 5] = [
    "font-family:Arial,Helvetica,sans-serif;font-size:14px;line-height:20px;color:#333333",
    "margin:0;padding:0 24px 16px 24px;background-color:#ffffff",
    "display:block;width:100%;max-width:600px;border:0",
    "color:#1a73e8;text-decoration:none;font-weight:bold",
    "padding:10px;text-align:left;vertical-align:top",
];

// === impl Dice ===

impl Dice {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or_default() % limit
    }

    fn one<'t>(&mut self, of: &[&'t str]) -> &'t str {
        of.get(self.below(of.len())).copied().unwrap_or_default()
    }

    /// Prose of about this many bytes, in lines of mail.
    pub(crate) fn prose(&mut self, size: usize) -> String {
        let words: Vec<&str> = WORDS.split_whitespace().collect();
        let (mut text, mut line) = (String::new(), 0);
        while text.len() < size {
            let word = self.one(&words);
            text.push_str(word);
            line += word.len() + 1;
            let end = match self.below(90) {
                0..=4 => ". ",
                5 => ".\n\n",
                6..=9 => ", ",
                _ => " ",
            };
            text.push_str(end);
            if line > 70 {
                text.push('\n');
                line = 0;
            }
        }
        text
    }

    /// A page like a newsletter: a sheet, tables in tables, styles on every element, links, images.
    pub(crate) fn page(&mut self, size: usize) -> String {
        let mut page =
            "<!DOCTYPE html><html><head><meta charset=\"utf-8\"><title>News</title><style>body{margin:0}\
            .preheader{display:none;max-height:0;overflow:hidden}.button a{color:#fff}h1,h2{font-size:22px}\
            @media only screen and (max-width:600px){.wide{width:100%!important}}</style></head><body>\
            <div class=\"preheader\">What is in this week's news&zwnj;&nbsp;&zwnj;&nbsp;</div>\
            <table width=\"100%\" cellpadding=\"0\"><tr><td align=\"center\">"
                .to_owned();
        while page.len() < size {
            let (style, other) = (self.one(&STYLES), self.one(&STYLES));
            let (number, title) = (self.below(1_000_000), self.prose(30));
            let _ = writeln!(
                page,
                "<table class=\"wide\" width=\"600\" style=\"{style}\"><tr><td style=\"{other}\"><h2>{}</h2>\
                 <img src=\"https://img.example/{number}.png\" alt=\"Picture\" width=\"600\"><p style=\"{style}\">{} <b>{}</b>&nbsp;{}</p>\
                 <p class=\"button\"><a href=\"https://news.example/r/{number}?u=7\" style=\"{other}\">Read on</a></p></td></tr></table>",
                title.trim(),
                self.prose(300),
                self.prose(20),
                self.prose(150),
            );
        }
        page.push_str("</td></tr></table></body></html>");
        page
    }

    /// One of six kinds of mail.
    pub(crate) fn mail(&mut self) -> Vec<u8> {
        let mut mail = self.headers();
        let size = 500 + self.below(6_000);
        match self.below(6) {
            0 | 1 => {
                let text = self.prose(size);
                let reply: String = self.prose(size / 2).lines().map(|line| format!("> {line}\n")).collect();
                let _ = write!(
                    mail,
                    "Content-Type: text/plain; charset=utf-8\n\n{text}\n\nOn Monday, Ann wrote:\n{reply}"
                );
            }
            2 => {
                let page = quoted_printable(&self.page(size * 3));
                let _ = write!(
                    mail,
                    "Content-Type: text/html; charset=\"utf-8\"\nContent-Transfer-Encoding: quoted-printable\n\n{page}"
                );
            }
            3 | 4 => {
                let (text, page) =
                    (quoted_printable(&self.prose(size)), quoted_printable(&self.page(size * 3)));
                let _ = write!(
                    mail,
                    "Content-Type: multipart/alternative; boundary=\"=_b1\"\n\n--=_b1\nContent-Type: text/plain; charset=utf-8\n\
                     Content-Transfer-Encoding: quoted-printable\n\n{text}\n--=_b1\nContent-Type: text/html; charset=utf-8\n\
                     Content-Transfer-Encoding: quoted-printable\n\n{page}\n--=_b1--\n"
                );
            }
            _ => {
                let (text, file) = (self.prose(size), self.base64(20_000));
                let _ = write!(
                    mail,
                    "Content-Type: multipart/mixed; boundary=\"=_b2\"\n\n--=_b2\nContent-Type: text/plain; charset=utf-8\n\n{text}\n\
                     --=_b2\nContent-Type: image/png; name=\"plan.png\"\nContent-Disposition: attachment; filename=\"plan.png\"\n\
                     Content-Transfer-Encoding: base64\n\n{file}\n--=_b2--\n"
                );
            }
        }
        mail.replace('\n', "\r\n").into_bytes()
    }

    fn headers(&mut self) -> String {
        let mut headers = String::new();
        for hop in 0..4 {
            let number = self.below(100_000);
            let _ = writeln!(
                headers,
                "Received: from mx{hop}.example.org (mx{hop}.example.org [192.0.2.{hop}])\n\tby mail.example.net with ESMTPS id {number}\n\tfor <owner@example.net>; Mon, 02 Jun 2025 10:00:0{hop} +0000"
            );
        }
        let (number, subject) = (self.below(100_000), self.prose(40).replace('\n', " "));
        let _ = writeln!(
            headers,
            "Authentication-Results: mail.example.net; spf=pass smtp.mailfrom=example.org; dkim=pass header.d=example.org\n\
             From: Ann Example <ann@example.org>\nTo: owner@example.net\nSubject: {}\nDate: Mon, 02 Jun 2025 10:00:00 +0000\n\
             Message-ID: <{number}@example.org>\nMIME-Version: 1.0",
            subject.trim()
        );
        headers
    }

    fn base64(&mut self, size: usize) -> String {
        let digits: Vec<char> = ('A'..='Z').chain('a'..='z').chain('0'..='9').collect();
        let mut text = String::new();
        for at in 1..size {
            text.extend(digits.get(self.below(digits.len())));
            if at % 76 == 0 {
                text.push('\n');
            }
        }
        text
    }

    /// What is not hostile, of a type and size.
    pub(crate) fn benign(&mut self, content_type: ContentType, size: usize) -> Vec<u8> {
        let prose = self.prose(size);
        match content_type {
            ContentType::Text => prose,
            ContentType::Html => self.page(size),
            ContentType::Email => format!(
                "{}Content-Type: multipart/alternative; boundary=b\n\n--b\nContent-Type: text/plain; charset=utf-8\n\n{}\n--b\n\
                 Content-Type: text/html; charset=utf-8\n\n{}\n--b--\n",
                self.headers(),
                self.prose(size / 4),
                self.page(size * 3 / 4)
            ),
            ContentType::Telegram => serde_json::json!({ "message": { "chat": {}, "text": prose } }).to_string(),
            ContentType::Slack => serde_json::json!({ "event": { "type": "message", "text": prose } }).to_string(),
            ContentType::Sms => serde_json::json!({ "Body": prose }).to_string(),
        }
        .into_bytes()
    }
}

fn quoted_printable(text: &str) -> String {
    let (mut out, mut line) = (String::new(), 0);
    for byte in text.bytes() {
        match byte {
            b'\n' => (line, ()) = (0, out.push('\n')),
            b' '..=b'<' | b'>'..=b'~' => (line, ()) = (line + 1, out.push(char::from(byte))),
            _ => (line, _) = (line + 3, write!(out, "={byte:02X}")),
        }
        if line > 72 {
            out.push_str("=\n");
            line = 0;
        }
    }
    out
}
