//! The way from a wish to a permit: latch → action → policy → limits → approval → permit. There is no other way.

use crate::event::{Event, Verdict, quoted};
use crate::ledger::{Asked, ItemState, Ledger, State};
use crate::record::Record;
use crate::refusal::Refusal;
use crate::zone1::Zone1;
use action::{Digest, Request, ZoneId};
use audit_log::Durable;
use capability::PermitTerms;
use jiff::{SignedDuration, Timestamp};
use policy::{Approval, Decision, Knowledge, Terms};

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
    pub async fn request(&self, zone: &ZoneId, untrusted_wish: UntrustedWish) -> Result<Answer, Refusal> {
        let action = quoted(&untrusted_wish.action);
        match self.judge(zone, untrusted_wish) {
            Ok((id, durable)) => {
                durable.wait().await?;
                self.standing(zone, &id).await
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
    pub async fn await_approval(&self, zone: &ZoneId, untrusted_request: &str) -> Result<Answer, Refusal> {
        let mut changes = self.changes();
        loop {
            let answer = match self.standing(zone, untrusted_request).await {
                Err(refusal @ (Refusal::UnknownRequest | Refusal::Latched { .. })) => {
                    return Err(self
                        .note_refused(zone, "await_approval", untrusted_request, refusal)
                        .await?);
                }
                // Every other end of a request stands in the record already.
                standing => standing?,
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

    fn judge(&self, zone: &ZoneId, wish: UntrustedWish) -> Result<(String, Durable), Refusal> {
        let UntrustedWish { action, parameters, key, item } = wish;
        self.unlatched()?;

        let request = Request::check(zone.clone(), &action, parameters)?;
        self.means.outbound.can_do(request.action().name())?;
        let key = checked_key(&key)?;

        let mut record = self.record()?;
        let unjudged = match asked_before(record.ledger(), &request, &key)? {
            Before::Never => None,
            Before::Unjudged(id) => Some(id),
            Before::Judged(id) => {
                let durable = self.note_again(&mut record, &id)?;
                return Ok((id, durable));
            }
        };
        let item = known_item(record.ledger(), item)?;
        let decision = self.verdict(record.ledger(), &request, item.as_deref())?;

        // Both entries stand next to each other: nothing else is written while the record is held. They may still reach
        // the disk one without the other, which is what `unjudged` is about.
        let id = match unjudged {
            Some(id) => id,
            None => self.enter(&mut record, &request, key, item)?,
        };
        let policy = self.means.policy.digest();
        let judged = Event::DecisionMade { request: id.clone(), policy, decision };
        let durable = self.write(&mut record, judged)?;
        Ok((id, durable))
    }

    /// Policy, then limits.
    fn verdict(&self, ledger: &Ledger, request: &Request, item: Option<&str>) -> Result<Verdict, Refusal> {
        let now = Self::now();
        let knowledge = known(ledger, request, item, Approval::None, now);
        let within = |terms: &Terms| {
            within_limit(terms, ledger.spent_or_open(request.zone(), request.action().name()), now)
        };
        match self.means.policy.judge(request, &knowledge) {
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

    /// Gives a request its id and its place in the record.
    fn enter(
        &self,
        record: &mut Record,
        request: &Request,
        key: String,
        item: Option<String>,
    ) -> Result<String, Refusal> {
        let id = Self::fresh_name("req")?;
        let parameters = record.content().put(request.parameters().as_bytes())?;
        let entered = Event::CapabilityRequested {
            request: id.clone(),
            zone: request.zone().to_string(),
            action: request.action().name().as_str().to_owned(),
            digest: request.digest(),
            parameters,
            key,
            item,
        };
        let _with_the_decision = self.write(record, entered)?;
        Ok(id)
    }

    /// Where a request of this zone stands; mints a permit where it may be done.
    async fn standing(&self, zone: &ZoneId, untrusted_request: &str) -> Result<Answer, Refusal> {
        self.unlatched()?;
        let (answer, durable) = {
            let mut record = self.record()?;
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
                State::Performing { .. } => return Err(Refusal::PermitSpent),
                State::Finished { since: _, outcome } => return Err(outcome.into()),
                State::Pending { expires_at } => return Ok(answer(Standing::Pending { expires_at })),
                State::Allowed => {}
                State::Approved { at } => {
                    if Self::now().duration_since(at) >= self.means.permit_lifetime {
                        return Err(Refusal::ApprovalExpired);
                    }
                }
            }
            let (permit, expires_at, durable) = self.issue(&mut record, id, &asked)?;
            (answer(Standing::Granted { permit, expires_at }), durable)
        };
        durable.wait().await?;
        Ok(answer)
    }

    fn issue(
        &self,
        record: &mut Record,
        id: &str,
        asked: &Asked,
    ) -> Result<(String, Timestamp, Durable), Refusal> {
        let request = self.recall(record, asked)?;
        let jti = Self::fresh_name("permit")?;
        let terms = PermitTerms {
            request_id: id,
            request: &request,
            jti: &jti,
            issued_at: Self::now(),
            lifetime: self.means.permit_lifetime,
        };
        let (permit, expires_at) = self
            .means
            .permits
            .mint(&terms)
            .map_err(|_unspecified| Refusal::AuditUnavailable("no permit could be signed".to_owned()))?;
        let durable = self.write(record, Event::PermitIssued { request: id.to_owned(), jti, expires_at })?;
        Ok((permit, expires_at, durable))
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

    fn note_again(&self, record: &mut Record, id: &str) -> Result<Durable, Refusal> {
        let asked = record.ledger().request(id).ok_or(Refusal::UnknownRequest)?.clone();
        self.write(
            record,
            Event::CapabilityRepeated { request: id.to_owned(), state: asked.state_word().to_owned() },
        )
    }
}

/// What is known of a wish that may have been made before.
enum Before {
    Never,
    /// It was recorded, and a crash kept it from being judged.
    Unjudged(String),
    /// The same wish again, after a crash or a lost answer: the same request.
    Judged(String),
}

fn asked_before(ledger: &Ledger, request: &Request, key: &str) -> Result<Before, Refusal> {
    let Some((id, asked)) = ledger.request_by_key(request.zone(), key) else { return Ok(Before::Never) };
    let id = id.to_owned();
    if asked.digest != request.digest() {
        return Err(Refusal::KeyReused { request: id });
    }
    Ok(if asked.state == State::Asked { Before::Unjudged(id) } else { Before::Judged(id) })
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
    match ledger.item(&untrusted_item).map(|item| &item.state) {
        Some(ItemState::Cleaned(_) | ItemState::Settled(_)) => Ok(Some(untrusted_item)),
        Some(ItemState::Received | ItemState::Quarantined) | None => Err(Refusal::UnknownItem),
    }
}

/// Whether the content that the zone works on carries a warning. The zone's word on which content that is can only add
/// to it: as long as warned content is out and unsettled, everything asked for may come from it.
fn injection_warning(ledger: &Ledger, item: Option<&str>) -> bool {
    let named = item.and_then(|item| ledger.item(item)).is_some_and(|item| match &item.state {
        ItemState::Cleaned(cleaned) | ItemState::Settled(cleaned) => cleaned.injection_warning,
        ItemState::Received | ItemState::Quarantined => false,
    });
    named || ledger.warned_content_is_out()
}

/// What is known of a request at this moment. Of recipients and provenance nothing is known yet, and what is not known to
/// be good is taken for bad.
pub(crate) fn known(
    ledger: &Ledger,
    request: &Request,
    item: Option<&str>,
    approval: Approval,
    at: Timestamp,
) -> Knowledge {
    let action = request.action();
    let parameters = action.name().parameters().iter().map(|name| (*name).to_owned());
    let done = ledger.spent(request.zone(), action.name());
    let since = |age| done.iter().filter(|then| at.duration_since(**then) < age).count() as u64;
    Knowledge {
        injection_warning: injection_warning(ledger, item),
        approval,
        unknown_recipients: action.recipients().into_iter().collect(),
        untrusted_parameters: parameters.collect(),
        done_last_hour: since(SignedDuration::from_hours(1)),
        done_last_day: since(SignedDuration::from_hours(24)),
        at,
    }
}

/// Refuses when the terms' limit is reached.
pub(crate) fn within_limit(terms: &Terms, before: Vec<Timestamp>, now: Timestamp) -> Result<(), Refusal> {
    let Some(limit) = terms.limit else { return Ok(()) };
    match limit.next_free(before.into_iter(), now) {
        None => Ok(()),
        Some(next_free) => Err(Refusal::RateLimited { limit: limit.to_string(), next_free }),
    }
}
