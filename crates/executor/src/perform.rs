//! The way from a permit to an effect: latch → verify permit → spend it → write intent → inject credential → call →
//! write outcome. There is no other way.

use crate::event::{Event, Outcome, quoted};
use crate::judge::{known, within_limit};
use crate::ledger::State;
use crate::refusal::Refusal;
use crate::zone1::Zone1;
use action::{Request, ZoneId};
use audit_log::Durable;
use policy::{Approval, Decision};
use std::sync::Arc;

/// What a zone wants done under a permit. Nothing in it is trusted.
#[derive(Clone, Debug)]
pub struct UntrustedOrder {
    /// The permit.
    pub permit: String,
    /// The action's name.
    pub action: String,
    /// A JSON object.
    pub parameters: String,
}

/// A request whose permit was spent just now.
///
/// Having one tells you that the permit was genuine, for exactly this request, in time and unspent, that policy and the
/// owner still agreed at that moment, and that the intent is durable in the record. It is consumed by doing it.
///
/// Its one constructor is [`Zone1::spend`]; whoever can make one elsewhere can act without a permit.
#[must_use = "a spent permit without an outcome is an unknown effect"]
#[derive(Debug)]
pub struct Spent {
    id: String,
    request: Request,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// The request's id.
    pub request: String,
    /// What the action returned: a JSON object.
    pub result: String,
}

// === impl Spent ===

impl Spent {
    /// The request's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What is to be done.
    pub const fn request(&self) -> &Request {
        &self.request
    }
}

// === impl Zone1 ===

impl Zone1 {
    /// Does what a permit allows, once. It runs to its end even when the caller goes away in the middle.
    pub async fn execute(
        self: &Arc<Self>,
        zone: ZoneId,
        untrusted_order: UntrustedOrder,
    ) -> Result<Done, Refusal> {
        let zone1 = Arc::clone(self);
        tokio::spawn(async move { zone1.execute_to_the_end(&zone, untrusted_order).await })
            .await
            .unwrap_or_else(|_panicked| {
                Err(Refusal::AuditUnavailable("the execution failed half-way".to_owned()))
            })
    }

    async fn execute_to_the_end(&self, zone: &ZoneId, order: UntrustedOrder) -> Result<Done, Refusal> {
        let action = quoted(&order.action);
        let spent = match self.spend(zone, order) {
            Ok((spent, intent)) => {
                intent.wait().await?;
                spent
            }
            Err((request, refusal)) => {
                self.note(Event::ExecutionRefused {
                    request,
                    zone: zone.to_string(),
                    action,
                    code: refusal.code().to_owned(),
                    why: quoted(&refusal.to_string()),
                })
                .await?;
                return Err(refusal);
            }
        };
        let request = spent.id().to_owned();
        let (outcome, result) = match self.unlatched() {
            Ok(()) => self.means.outbound.perform(self, spent).await,
            Err(latched) => (Outcome::Failed { why: latched.to_string() }, String::new()),
        };
        self.note(Event::ExecutionFinished { request: request.clone(), outcome: outcome.clone() }).await?;
        match outcome {
            Outcome::Performed { receipt: _ } => Ok(Done { request, result }),
            Outcome::Failed { .. } | Outcome::Unknown { .. } => Err(outcome.into()),
        }
    }

    /// Verifies a permit and spends it. Everything that was true when it was minted must be true now.
    fn spend(
        &self,
        zone: &ZoneId,
        order: UntrustedOrder,
    ) -> Result<(Spent, Durable), (Option<String>, Refusal)> {
        let nameless = |refusal: Refusal| (None, refusal);
        self.unlatched().map_err(nameless)?;

        let UntrustedOrder { permit, action, parameters } = order;
        let request =
            Request::check(zone.clone(), &action, parameters).map_err(|invalid| nameless(invalid.into()))?;
        let permit = self
            .means
            .permits
            .verify(permit, zone, &request, Self::now())
            .map_err(|invalid| nameless(invalid.into()))?;
        let id = permit.request_id().to_owned();
        let named = |refusal: Refusal| (Some(id.clone()), refusal);

        let mut record = self.record().map_err(nameless)?;
        let asked = record.ledger().request(&id).ok_or_else(|| named(Refusal::UnknownRequest))?;
        let approval = match &asked.state {
            State::Allowed => Approval::None,
            State::Approved { at: _ } => Approval::Verified,
            State::Pending { .. } => return Err(named(Refusal::NotApproved)),
            State::Denied => return Err(named(Refusal::ApprovalDenied)),
            State::Expired => return Err(named(Refusal::ApprovalExpired)),
            State::Performing { .. } | State::Finished { .. } => return Err(named(Refusal::PermitSpent)),
            State::Asked => return Err(named(Refusal::UnknownRequest)),
            State::Refused(why) => return Err(named(Refusal::PolicyDenies(why.clone()))),
        };
        if permit.digest() != asked.digest {
            return Err(named(Refusal::Permit(capability::InvalidPermit::ParametersChanged)));
        }
        let knowledge = known(record.ledger(), &request, asked.item.as_deref(), approval, Self::now());
        let terms = match self.means.policy.judge(&request, &knowledge) {
            Decision::Allow(terms) => terms,
            Decision::Ask(_) => return Err(named(Refusal::NotApproved)),
            Decision::Deny(reason) => return Err(named(Refusal::PolicyDenies(reason.to_string()))),
        };
        let before = record.ledger().spent(zone, request.action().name());
        within_limit(&terms, before, Self::now()).map_err(named)?;

        let intent = Event::ExecutionIntended { request: id.clone(), jti: permit.jti().to_owned() };
        let durable = self.write(&mut record, intent).map_err(named)?;
        Ok((Spent { id: id.clone(), request }, durable))
    }

    /// Settles what a crash left between intent and outcome: what can be seen to have happened did, the rest is unknown.
    /// Nothing is repeated.
    pub async fn settle_interrupted(&self) -> Result<(), Refusal> {
        let interrupted: Vec<_> = {
            let record = self.record()?;
            let performing = |state: &State| matches!(state, State::Performing { .. });
            record
                .ledger()
                .open_requests()
                .filter(|(_, asked)| performing(&asked.state))
                .map(|(id, asked)| (id.to_owned(), self.recall(&record, asked)))
                .collect()
        };
        for (request, recalled) in interrupted {
            let outcome = match recalled {
                Ok(recalled) => self.means.outbound.look_back(&request, &recalled),
                Err(refusal) => Outcome::Unknown { why: refusal.to_string() },
            };
            self.note(Event::ExecutionFinished { request, outcome }).await?;
        }
        Ok(())
    }
}

impl From<Outcome> for Refusal {
    /// What an outcome means to a zone that asks again.
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Performed { receipt: _ } => Self::AlreadyPerformed,
            Outcome::Failed { why } => Self::Failed(why),
            Outcome::Unknown { why } => Self::OutcomeUnknown(why),
        }
    }
}
