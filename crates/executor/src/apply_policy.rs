//! Another policy comes into force: signed by the owner's side, valid, on top of the one in force, and recorded with both
//! hashes before anything is decided by it.

use crate::policy_in_force::{File, PolicyText};
use crate::refusal::Refusal;
use crate::zone1::Zone1;
use ledger::{Event, quoted};

// === impl Zone1 ===

impl Zone1 {
    /// Puts a policy in force, and says which questions became void. The policy file must hold the same text already.
    pub async fn apply_policy(
        &self,
        untrusted_text: String,
        untrusted_receipt: String,
    ) -> Result<Vec<String>, Refusal> {
        match self.try_apply(untrusted_text, untrusted_receipt).await {
            Err(refusal @ Refusal::PolicyNotApplied(_)) => {
                self.note(Event::PolicyRefused { why: quoted(&refusal.to_string()) }).await?;
                Err(refusal)
            }
            applied => applied,
        }
    }

    async fn try_apply(&self, text: String, receipt: String) -> Result<Vec<String>, Refusal> {
        let refused = |why: &str| Refusal::PolicyNotApplied(why.to_owned());
        let change = self
            .means
            .approvals
            .verify_policy(receipt.clone())
            .map_err(|invalid| refused(&invalid.to_string()))?;
        let said = change.statement();
        let new = PolicyText::new(text);
        let (from, to) = (self.means.policy.applied().0.digest(), new.digest());
        if said.to != to {
            return Err(refused("the owner's word is about another policy"));
        }
        if said.from != from {
            return Err(refused(
                "it was made on top of a policy that is no longer in force; look at it again",
            ));
        }
        let PolicyText { text, policy } = new;
        let policy = policy.map_err(|problems| {
            let first = problems.first().map(ToString::to_string).unwrap_or_default();
            refused(&format!("{} problems, the first: {first}", problems.len()))
        })?;
        let on_disk = match self.means.policy.file() {
            File::Same => Some(from),
            File::Differs { found } => found,
        };
        if on_disk != Some(to) {
            return Err(refused("the policy file does not hold this policy"));
        }
        let (superseded, written) = {
            let mut record = self.record()?;
            // Back and forth between two policies, an old word would fit again.
            if record.ledger().knows_word_on_policy(&receipt) {
                return Err(refused("this word of the owner was acted on before; a change needs a new one"));
            }
            let (_, mut written) = record.keep(text.as_bytes())?;
            let applied = Event::PolicyApplied { from: Some(from), to, receipt: Some(receipt) };
            written.and(self.write(&mut record, applied)?);
            // Not durable yet: until it is, whoever is decided about by it waits for a later entry of the same log.
            self.means.policy.replace(policy, text);
            (self.supersede(&mut record, &mut written)?, written)
        };
        written.wait().await?;
        Ok(superseded)
    }

    /// Notes once when the policy file was changed behind our back, and once when it is right again.
    pub(crate) async fn watch_policy(&self, seen: &mut File) -> Result<(), Refusal> {
        let now = self.means.policy.file();
        if now == *seen {
            return Ok(());
        }
        let applied = self.means.policy.applied().0.digest();
        self.note(match now {
            File::Same => Event::PolicyFileRestored { applied },
            File::Differs { found } => Event::PolicyFileChanged { applied, found },
        })
        .await?;
        *seen = now;
        Ok(())
    }
}
