//! Finding messages, without changing anything.

use super::{Gmail, calls};
use crate::failure::Failure;

const STEP: &str = "searching";

/// A message that a search found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its identifier, for [`Gmail::raw`].
    pub id: String,
    /// Its thread's.
    pub thread_id: String,
}

impl Gmail {
    /// The messages that a query as in Gmail's search box finds, newest first, at most so many.
    ///
    /// # Errors
    /// As every call that reads.
    pub async fn search(&self, query: &str, most: usize) -> Result<Vec<Found>, Failure> {
        let mut found = Vec::new();
        let mut token: Option<String> = None;
        while found.len() < most {
            let wanted = (most - found.len()).min(calls::PAGE);
            let call = calls::search(query, token.as_deref(), wanted);
            let page: calls::Messages = calls::json(STEP, &self.read(&call).await?)?;
            // Where a page brings nothing, who knows how many more would.
            let empty = page.messages.is_empty();
            for listed in page.messages.into_iter().take(wanted) {
                let id = calls::sound_id(STEP, listed.id)?;
                let thread_id = calls::sound_id(STEP, listed.thread_id)?;
                found.push(Found { id, thread_id });
            }
            match page.next_page_token.filter(|next| !next.is_empty()) {
                Some(next) if !empty && token.as_ref() != Some(&next) => token = Some(next),
                _ => break,
            }
        }
        Ok(found)
    }

    /// The messages that bear a `Message-ID`, at most so many. Nothing where it holds what could mean something else in a
    /// query: it is a stranger's words.
    pub(super) async fn by_message_id(
        &self,
        untrusted_message_id: &str,
        scope: &str,
        most: usize,
    ) -> Result<Option<Vec<Found>>, Failure> {
        let Some(id) = plain(untrusted_message_id) else { return Ok(None) };
        self.search(&format!("rfc822msgid:{id}{scope}"), most).await.map(Some)
    }
}

/// `id@host` of `<id@host>`, if it is one word to Gmail's search.
fn plain(message_id: &str) -> Option<&str> {
    let id = message_id.strip_prefix('<')?.strip_suffix('>')?;
    let one_word = |byte: u8| byte.is_ascii_alphanumeric() || b".-_+=@$%&/!#~^".contains(&byte);
    let sound = id.contains('@') && id.len() <= 900 && id.bytes().all(one_word);
    sound.then_some(id)
}

/// What looking back needs: our own identifiers are plain always.
pub(super) const NOT_PLAIN: Failure =
    Failure::Malformed { what: "the Message-ID is not of the form `<id@host>` in plain characters" };

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn a_strangers_message_id_cannot_become_another_query() {
        assert_eq!(plain("<a.b-c_1+2=3@mail.example.org>"), Some("a.b-c_1+2=3@mail.example.org"));
        for hostile in [
            "a@b",
            "<a>",
            "<a@b) OR (in:anywhere>",
            "<a@b|c>",
            "<\"a\"@b>",
            "<{a@b c}>",
            "<a@b:c>",
            "<ä@b>",
            "",
        ] {
            assert_eq!(plain(hostile), None, "{hostile}");
        }
    }
}
