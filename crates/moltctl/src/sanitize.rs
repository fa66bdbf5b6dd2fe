//! The readers' work on the command line: raw content in, clean JSON out.

use clean_content::{CleanContent, ContentType, Untrusted};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use std::io::{self, BufRead as _, BufWriter, Read as _, Write as _};
use std::process::ExitCode;

/// One line of the bulk form.
#[derive(Deserialize)]
struct Line {
    id: Value,
    content_type: Option<String>,
    text: String,
}

/// One item from standard input. What cannot be read is said on standard error, exit 1.
pub(crate) fn one(content_type: ContentType) -> anyhow::Result<ExitCode> {
    match sanitizer::sanitize(Untrusted::new(untrusted_input()?), content_type, Timestamp::now()) {
        Ok(clean) => {
            say!("{}", clean.to_json());
            Ok(ExitCode::SUCCESS)
        }
        Err(unreadable) => {
            eprintln!("moltctl: {unreadable}");
            Ok(ExitCode::FAILURE)
        }
    }
}

/// One byte more than may be: the sanitiser then says that it is too large.
pub(crate) fn untrusted_input() -> io::Result<Vec<u8>> {
    let mut raw = Vec::new();
    io::stdin().lock().take(sanitizer::RAW_LIMIT as u64 + 1).read_to_end(&mut raw)?;
    Ok(raw)
}

/// One item a line. Every line gets a result; exit 1 when some line could not be read.
pub(crate) fn lines(default: Option<ContentType>) -> anyhow::Result<ExitCode> {
    let mut out = BufWriter::new(io::stdout().lock());
    let mut code = ExitCode::SUCCESS;
    for line in io::stdin().lock().split(b'\n') {
        let line = line?;
        if line.trim_ascii().is_empty() {
            continue;
        }
        let result = match result(&line, default) {
            Ok(result) => result,
            Err((id, error)) => {
                code = ExitCode::FAILURE;
                // What cannot be read is not handed on, so it counts as flagged.
                json!({ "id": id, "flagged": true, "score": 1.0, "body": "", "error": error })
            }
        };
        match writeln!(out, "{result}") {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(code),
            other => other?,
        }
    }
    out.flush()?;
    Ok(code)
}

fn result(line: &[u8], default: Option<ContentType>) -> Result<Value, (Value, String)> {
    let Line { id, content_type, text } = serde_json::from_slice(line)
        .map_err(|error| (Value::Null, format!("not a line of this form: {error}")))?;
    let named = |error: String| (id.clone(), error);
    let content_type = match (content_type, default) {
        (Some(word), _) => word.parse().map_err(|error| named(format!("{error}")))?,
        (None, Some(default)) => default,
        (None, None) => return Err(named("no content_type, and no --type to stand in".to_owned())),
    };
    let clean = sanitizer::sanitize(Untrusted::new(text.into_bytes()), content_type, Timestamp::now())
        .map_err(|unreadable| named(unreadable.to_string()))?;
    Ok(to_result(&id, &clean))
}

fn to_result(id: &Value, clean: &CleanContent) -> Value {
    let mut result = serde_json::to_value(clean).unwrap_or_default();
    if let Some(fields) = result.as_object_mut() {
        fields.insert("id".to_owned(), id.clone());
        fields.insert("flagged".to_owned(), clean.injection_warning().into());
    }
    result
}
