//! Whole mails, and the pages in them.

use crate::inputs::Dice;
use crate::timing::{median, rate};
use mail_parser::MimeHeaders as _;
use sanitizer::{ContentType, Untrusted, sanitize};
use std::fs;
use std::path::Path;
use std::time::Duration;

pub(crate) fn table(write: Option<&str>) {
    let mut dice = Dice::new(5);
    let generated: Vec<Vec<u8>> = (0..600).map(|_| dice.mail()).collect();
    if let Some(folder) = write {
        fs::create_dir_all(folder).unwrap();
        for (number, mail) in generated.iter().enumerate() {
            fs::write(Path::new(folder).join(format!("{number:04}.eml")), mail).unwrap();
        }
    }
    println!("\nmail, one thread; medians of whole passes over the set");
    measure("generated", &generated);
    match std::env::var_os("MOLTBOT_CORPUS") {
        None => println!("  real mail: not measured, MOLTBOT_CORPUS names no folder that has some"),
        Some(corpus) => {
            let mut files: Vec<_> = fs::read_dir(Path::new(&corpus).join("mail"))
                .unwrap()
                .map(|file| file.unwrap().path())
                .collect();
            files.sort();
            let real: Vec<_> = files.iter().map(|file| fs::read(file).unwrap()).collect();
            measure("real", &real);
        }
    }
}

fn measure(name: &str, mails: &[Vec<u8>]) {
    let texts: Vec<String> = mails.iter().map(|mail| String::from_utf8_lossy(mail).into_owned()).collect();
    let pages: Vec<String> = mails.iter().flat_map(|mail| pages(mail)).collect();
    let size = |texts: &[String]| texts.iter().map(String::len).sum::<usize>();
    println!(
        "  {name}: {} mails, {:.1} MB, {} pages in them, {:.1} MB",
        mails.len(),
        size(&texts) as f64 / 1e6,
        pages.len(),
        size(&pages) as f64 / 1e6
    );

    row("sanitize, whole mails", mails, |mail| drop(read(mail.clone(), ContentType::Email)));
    row("ammonia, the same bytes", &texts, |text| drop(ammonia::clean(text)));
    if !pages.is_empty() {
        row("sanitize, the pages", &pages, |page| drop(read(page.clone().into_bytes(), ContentType::Html)));
        row("ammonia, the pages", &pages, |page| drop(ammonia::clean(page)));
    }
}

fn row<T: AsRef<[u8]>>(what: &str, items: &[T], mut one: impl FnMut(&T)) {
    let bytes = items.iter().map(|item| item.as_ref().len()).sum();
    let time = median(Duration::from_secs(4), || items.iter().for_each(&mut one));
    let each = items.len() as f64 / time.as_secs_f64();
    println!("    {what:<26} {:>8.1} MB/s {each:>9.0} a second", rate(bytes, time));
}

fn read(raw: Vec<u8>, content_type: ContentType) -> Option<sanitizer::CleanContent> {
    sanitize(Untrusted::new(raw), content_type, jiff::Timestamp::UNIX_EPOCH).ok()
}

/// The pages in a mail, decoded.
fn pages(mail: &[u8]) -> Vec<String> {
    let Some(message) = mail_parser::MessageParser::default().parse(mail) else { return Vec::new() };
    let is_page = |part: &&mail_parser::MessagePart<'_>| {
        part.content_type().is_some_and(|it| it.ctype() == "text" && it.subtype() == Some("html"))
    };
    message
        .parts
        .iter()
        .filter(is_page)
        .filter_map(|part| part.text_contents().map(ToOwned::to_owned))
        .collect()
}
