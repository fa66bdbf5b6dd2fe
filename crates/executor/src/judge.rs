//! The way from a wish to a permit: latch → action → policy → limits → approval → permit. There is no other way.

use crate::caller::Caller;
use crate::record::{Record, Written};
use crate::refusal::Refusal;
use crate::zone1::Zone1;
use action::{Digest, Request, ZoneId};
use capability::PermitTerms;
use jiff::Timestamp;
use ledger::{Asked, Event, Known, Ledger, State, Verdict, quoted};
use policy::{Decision, Policy, Terms};

/// What a zone wishes. Nothing in it is trusted.
#[derive(Clone, Debug)]
pub struct UntrustedWish {
    /// The action's name.
    pub action: String,
    /// A JSON object.
    pub parameters: String,
    /// The zone's own name for this wish.
    pub key: String,
    /// The item it is about; empty if none.
    pub item: String,
}

/// A request, and where it stands.
#[must_use]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The request's id.
    pub request: String,
    /// Its digest.
    pub digest: Digest,
    /// Where it stands.
    pub standing: Standing,
}

/// Where a request stands that is not refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It may be done, once.
    Granted {
        /// The permit.
        permit: String,
        /// The end of its life.
        expires_at: Timestamp,
    },
    /// The owner has been asked.
    Pending {
        /// The end of the owner's time.
        expires_at: Timestamp,
    },
}

// === impl Zone1 ===

impl Zone1 {
    /// Judges a wish, and records it whatever comes of it.
    pub async fn request(&self, caller: &Caller, untrusted_wish: UntrustedWish) -> Result<Answer, Refusal> {
        let zone = &caller.zone;
        let action = quoted(&untrusted_wish.action);
        match self.judge(caller, untrusted_wish) {
            Ok((answer, written)) => {
                written.wait().await?;
                answer
            }
            Err(refusal) => {
                self.note(Event::CapabilityRefused {
                    zone: zone.to_string(),
                    action,
                    code: refusal.code().to_owned(),
                    why: quoted(&refusal.to_string()),
                })
                .await?;
                Err(refusal)
            }
        }
    }

    /// Waits until a request is no longer pending.
    pub async fn await_approval(&self, caller: &Caller, untrusted_request: &str) -> Result<Answer, Refusal> {
        let zone = &caller.zone;
        let mut changes = self.changes();
        loop {
            let mut written = Written::default();
            let answer = self.unlatched().and_then(|()| {
                let mut record = self.record()?;
                self.standing(&mut record, zone, untrusted_request, &mut written)
            });
            written.wait().await?;
            self.settled().await?;
            let answer = match answer {
                Err(refusal @ (Refusal::UnknownRequest | Refusal::Latched { .. })) => {
                    return Err(self
                        .note_refused(zone, "await_approval", untrusted_request, refusal)
                        .await?);
                }
                // Every other end of a request stands in the record already.
                answer => answer?,
            };
            if !matches!(answer.standing, Standing::Pending { .. }) {
                return Ok(answer);
            }
            // Zone 1 lives as long as its sender of changes, so this cannot end early.
            if changes.changed().await.is_err() {
                return Ok(answer);
            }
        }
    }

    /// Takes a wish back. What is under way or done is not undone, and what ended has ended.
    pub async fn withdraw(&self, caller: &Caller, untrusted_request: &str) -> Result<(), Refusal> {
        let zone = &caller.zone;
        let withdrawn = {
            let mut record = self.record()?;
            let asked = record.ledger().request(untrusted_request);
            match asked.filter(|asked| asked.zone == zone.to_string()) {
                None => Err(Refusal::UnknownRequest),
                Some(asked) if asked.is_open() => {
                    let request = untrusted_request.to_owned();
                    Ok(Some(self.write(&mut record, Event::ApprovalCancelled { request })?))
                }
                Some(_) => Ok(None),
            }
        };
        match withdrawn {
            Ok(Some(durable)) => Ok(durable.wait().await?),
            Ok(None) => Ok(()),
            Err(refusal) => Err(self.note_refused(zone, "withdraw", untrusted_request, refusal).await?),
        }
    }

    /// `Err` is a wish that did not become a request; a request that policy or the owner refused is an `Ok` with that answer.
    fn judge(
        &self,
        caller: &Caller,
        wish: UntrustedWish,
    ) -> Result<(Result<Answer, Refusal>, Written), Refusal> {
        let UntrustedWish { action, parameters, key, item } = wish;
        let zone = &caller.zone;
        self.unlatched()?;

        let request = Request::check(zone.clone(), &action, parameters)?;
        self.means.outbound.can_do(request.action().name())?;
        let key = checked_key(&key)?;

        let mut record = self.record()?;
        // Read while the record is held: another policy comes into force under it too.
        let policy = self.means.policy.in_force()?;
        let open = match asked_before(record.ledger(), &request, &key)? {
            Before::Never => None,
            Before::ToBeJudged(id) => Some(id),
            Before::Judged(id) => {
                let mut written = self.note_again(&mut record, &request, &id)?;
                let answer = self.standing(&mut record, zone, &id, &mut written);
                return Ok((answer, written));
            }
        };
        let item = known_item(record.ledger(), item)?;
        let (origins, knowledge) = self.knowledge(&record, &request, caller, item.as_deref(), None)?;
        let decision = self.verdict(&policy, record.ledger(), &request, &knowledge)?;

        // The entries are written at once. A crash may still leave only the first of them, which is what `ToBeJudged` is
        // about.
        let (mut written, mut events) = (Written::default(), Vec::new());
        let id = match open {
            Some(id) => id,
            None => {
                let (parameters, kept) = record.keep(request.parameters().as_bytes())?;
                written.and(kept);
                let id = Self::fresh_name("req")?;
                events.push(Event::CapabilityRequested {
                    request: id.clone(),
                    zone: zone.to_string(),
                    action: request.action().name().as_str().to_owned(),
                    digest: request.digest(),
                    parameters,
                    key,
                    item,
                    recipients: self.tags(&request),
                    origins,
                });
                id
            }
        };
        let answer = |standing| Answer { request: id.clone(), digest: request.digest(), standing };
        let (answer, permit) = match &decision {
            Verdict::Deny { why } => (Err(Refusal::PolicyDenies(why.clone())), None),
            Verdict::Ask { expires_at, rules: _, risk: _ } => {
                (Ok(answer(Standing::Pending { expires_at: *expires_at })), None)
            }
            Verdict::Allow { .. } => {
                let (granted, issued) = self.mint(&id, &request)?;
                (Ok(answer(granted)), Some(issued))
            }
        };
        let knowledge = Known::of(&knowledge, &request.action().recipients());
        events.push(Event::DecisionMade {
            request: id.clone(),
            policy: policy.digest(),
            knowledge,
            decision,
        });
        events.extend(permit);
        written.and(self.write_all(&mut record, &events)?);
        Ok((answer, written))
    }

    /// Policy, then limits.
    pub(crate) fn verdict(
        &self,
        policy: &Policy,
        ledger: &Ledger,
        request: &Request,
        knowledge: &policy::Knowledge,
    ) -> Result<Verdict, Refusal> {
        let now = knowledge.at;
        let within = |terms: &Terms| {
            within_limit(terms, || ledger.spent_or_open(request.zone(), request.action().name()), now)
        };
        match policy.judge(request, knowledge) {
            Decision::Deny(reason) => Ok(Verdict::Deny { why: reason.to_string() }),
            Decision::Allow(terms) => {
                within(&terms)?;
                Ok(Verdict::Allow { rules: terms.rules.to_vec(), risk: terms.risk })
            }
            Decision::Ask(terms) => {
                within(&terms)?;
                let expires_at = now.saturating_add(self.means.approval_expiry).unwrap_or(now);
                Ok(Verdict::Ask { rules: terms.rules.to_vec(), risk: terms.risk, expires_at })
            }
        }
    }

    /// Where a request of this zone stands; mints a permit where it may be done. The answer may go out once what was
    /// written is durable.
    fn standing(
        &self,
        record: &mut Record,
        zone: &ZoneId,
        untrusted_request: &str,
        written: &mut Written,
    ) -> Result<Answer, Refusal> {
        let id = untrusted_request;
        let asked = record.ledger().request(id).filter(|asked| asked.zone == zone.to_string());
        let asked = asked.ok_or(Refusal::UnknownRequest)?.clone();
        let digest = asked.digest;
        let answer = |standing| Answer { request: id.to_owned(), digest, standing };
        match asked.state.clone() {
            State::Asked => return Err(Refusal::PolicyDenies("it was never judged".to_owned())),
            State::Refused(why) => return Err(Refusal::PolicyDenies(why)),
            State::Denied => return Err(Refusal::ApprovalDenied),
            State::Expired => return Err(Refusal::ApprovalExpired),
            State::Cancelled => return Err(Refusal::ApprovalCancelled),
            State::Superseded(why) => return Err(Refusal::ApprovalSuperseded(why)),
            State::Performing { .. } => return Err(Refusal::PermitSpent),
            State::Finished { since: _, outcome } => return Err(outcome.into()),
            State::Pending { expires_at } => return Ok(answer(Standing::Pending { expires_at })),
            State::Allowed => {}
            State::Approved { at } => {
                if self.now().duration_since(at) >= self.means.permit_lifetime {
                    // What a zone is told is over is over, also after a start with the machine's clock set back.
                    written.and(self.write(record, Event::ApprovalExpired { request: id.to_owned() })?);
                    return Err(Refusal::ApprovalExpired);
                }
            }
        }
        let (granted, issued) = self.mint(id, &self.recall(record, &asked)?)?;
        written.and(self.write(record, issued)?);
        Ok(answer(granted))
    }

    /// Mints a permit. It may go out once the entry that says so is durable.
    fn mint(&self, id: &str, request: &Request) -> Result<(Standing, Event), Refusal> {
        let jti = Self::fresh_name("permit")?;
        let lifetime = self.means.permit_lifetime;
        let terms = PermitTerms { request_id: id, request, jti: &jti, issued_at: self.now(), lifetime };
        let (permit, expires_at) = self
            .means
            .permits
            .mint(&terms)
            .map_err(|_unspecified| Refusal::AuditUnavailable("no permit could be signed".to_owned()))?;
        let issued = Event::PermitIssued { request: id.to_owned(), jti, expires_at };
        Ok((Standing::Granted { permit, expires_at }, issued))
    }

    /// The request that was judged, from its parameters beside the record; its digest must still be the recorded one.
    pub(crate) fn recall(&self, record: &Record, asked: &Asked) -> Result<Request, Refusal> {
        let unavailable = |why: &str| Refusal::AuditUnavailable(why.to_owned());
        let bytes = record
            .content()
            .get(asked.parameters)?
            .ok_or_else(|| unavailable("the parameters were erased"))?;
        let parameters =
            String::from_utf8(bytes).map_err(|_not_utf8| unavailable("the parameters are not text"))?;
        let zone = asked.zone.parse().map_err(|_unknown| unavailable("the zone is unknown"))?;
        let request = Request::check(zone, &asked.action, parameters)?;
        if request.digest() == asked.digest {
            Ok(request)
        } else {
            Err(unavailable("the parameters do not have the recorded digest"))
        }
    }

    fn note_again(&self, record: &mut Record, request: &Request, id: &str) -> Result<Written, Refusal> {
        let asked = record.ledger().request(id).ok_or(Refusal::UnknownRequest)?.clone();
        let mut written = Written::default();
        // A crash may have kept the entry and lost the parameters; here they are again.
        written.and(record.keep(request.parameters().as_bytes())?.1);
        let state = asked.state_word().to_owned();
        written.and(self.write(record, Event::CapabilityRepeated { request: id.to_owned(), state })?);
        Ok(written)
    }
}

/// What is known of a wish that may have been made before.
enum Before {
    Never,
    /// It was recorded, and a crash kept it from being judged, or another policy made the question void.
    ToBeJudged(String),
    /// The same wish again, after a crash or a lost answer: the same request.
    Judged(String),
}

fn asked_before(ledger: &Ledger, request: &Request, key: &str) -> Result<Before, Refusal> {
    let Some((id, asked)) = ledger.request_by_key(request.zone(), key) else { return Ok(Before::Never) };
    let id = id.to_owned();
    if asked.digest != request.digest() {
        return Err(Refusal::KeyReused { request: id });
    }
    Ok(match asked.state {
        State::Asked | State::Superseded(_) => Before::ToBeJudged(id),
        State::Allowed
        | State::Refused(_)
        | State::Pending { .. }
        | State::Approved { .. }
        | State::Denied
        | State::Expired
        | State::Cancelled
        | State::Performing { .. }
        | State::Finished { .. } => Before::Judged(id),
    })
}

/// The key as the record knows it, which no two keys of this length share.
fn checked_key(untrusted_key: &str) -> Result<String, Refusal> {
    if (1..=200).contains(&untrusted_key.chars().count()) {
        Ok(quoted(untrusted_key))
    } else {
        Err(Refusal::InvalidKey)
    }
}

/// An item that was taken in and is clean; no item is no item.
fn known_item(ledger: &Ledger, untrusted_item: String) -> Result<Option<String>, Refusal> {
    if untrusted_item.is_empty() {
        return Ok(None);
    }
    match ledger.item(&untrusted_item).and_then(ledger::Item::cleaned) {
        Some(_) => Ok(Some(untrusted_item)),
        None => Err(Refusal::UnknownItem),
    }
}

/// Refuses when the terms' limit is reached.
pub(crate) fn within_limit<Before: Iterator<Item = Timestamp>>(
    terms: &Terms,
    before: impl FnOnce() -> Before,
    now: Timestamp,
) -> Result<(), Refusal> {
    let Some(limit) = terms.limit else { return Ok(()) };
    match limit.next_free(before(), now) {
        None => Ok(()),
        Some(next_free) => Err(Refusal::RateLimited { limit: limit.to_string(), next_free }),
    }
}
