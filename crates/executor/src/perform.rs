//! The way from a permit to an effect: latch → verify permit → spend it → write intent → latch → inject credential →
//! call, cut short by a kill → write outcome. There is no other way.

use crate::caller::Caller;
use crate::judge::within_limit;
use crate::record::Written;
use crate::refusal::Refusal;
use crate::zone1::Zone1;
use action::Request;
use capability::Answer;
use ledger::{Asked, Event, Outcome, State, quoted};
use policy::{Approval, Decision, Knowledge};
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
        caller: Caller,
        untrusted_order: UntrustedOrder,
    ) -> Result<Done, Refusal> {
        let zone1 = Arc::clone(self);
        tokio::spawn(async move { zone1.execute_to_the_end(&caller, untrusted_order).await })
            .await
            .unwrap_or_else(|_panicked| {
                Err(Refusal::AuditUnavailable("the execution failed half-way".to_owned()))
            })
    }

    async fn execute_to_the_end(&self, caller: &Caller, order: UntrustedOrder) -> Result<Done, Refusal> {
        let action = quoted(&order.action);
        let spent = match self.spend(caller, order) {
            Ok((spent, intent)) => match intent.wait().await {
                Ok(()) => spent,
                Err(unwritable) => return Err(self.give_up(&spent, unwritable.into()).await),
            },
            Err((request, refusal)) => {
                self.note(Event::ExecutionRefused {
                    request,
                    zone: caller.zone.to_string(),
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
            Ok(()) => tokio::select! {
                // Looked at first, so that a call which ends as everything is killed is not told to have ended well.
                biased;
                () = self.brake.killed() => {
                    (Outcome::Unknown { why: "everything was killed in the middle of it".to_owned() }, String::new())
                }
                done = self.means.outbound.perform(self, caller, spent) => done,
            },
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
        caller: &Caller,
        order: UntrustedOrder,
    ) -> Result<(Spent, Written), (Option<String>, Refusal)> {
        let nameless = |refusal: Refusal| (None, refusal);
        self.unlatched().map_err(nameless)?;

        let UntrustedOrder { permit, action, parameters } = order;
        let zone = &caller.zone;
        let request =
            Request::check(zone.clone(), &action, parameters).map_err(|invalid| nameless(invalid.into()))?;
        let permit = self
            .means
            .permits
            .verify(permit, zone, &request, self.now())
            .map_err(|invalid| nameless(invalid.into()))?;
        let id = permit.request_id().to_owned();
        let named = |refusal: Refusal| (Some(id.clone()), refusal);

        let mut record = self.record().map_err(nameless)?;
        let asked = record.ledger().request(&id).ok_or_else(|| named(Refusal::UnknownRequest))?;
        let approval = match &asked.state {
            State::Allowed => Approval::None,
            State::Approved { at: _ } => {
                self.still_approved(&id, asked).map_err(named)?;
                Approval::Verified
            }
            State::Pending { .. } => return Err(named(Refusal::NotApproved)),
            State::Denied => return Err(named(Refusal::ApprovalDenied)),
            State::Expired => return Err(named(Refusal::ApprovalExpired)),
            State::Cancelled => return Err(named(Refusal::ApprovalCancelled)),
            State::Superseded(why) => return Err(named(Refusal::ApprovalSuperseded(why.clone()))),
            State::Performing { .. } | State::Finished { .. } => return Err(named(Refusal::PermitSpent)),
            State::Asked => return Err(named(Refusal::UnknownRequest)),
            State::Refused(why) => return Err(named(Refusal::PolicyDenies(why.clone()))),
        };
        if permit.digest() != asked.digest {
            return Err(named(Refusal::Permit(capability::InvalidPermit::ParametersChanged)));
        }
        let (_origins, knowledge) =
            self.knowledge(&record, &request, caller, asked.item.as_deref(), Some(asked)).map_err(named)?;
        let knowledge = Knowledge { approval, ..knowledge };
        let policy = self.means.policy.in_force().map_err(named)?;
        let terms = match policy.judge(&request, &knowledge) {
            Decision::Allow(terms) => terms,
            Decision::Ask(_) => return Err(named(Refusal::NotApproved)),
            Decision::Deny(reason) => return Err(named(Refusal::PolicyDenies(reason.to_string()))),
        };
        let before = || record.ledger().spent(zone, request.action().name());
        within_limit(&terms, before, knowledge.at).map_err(named)?;

        let intent = Event::ExecutionIntended { request: id.clone(), jti: permit.jti().to_owned() };
        let intended = self.write(&mut record, intent).map_err(named)?;
        Ok((Spent { id: id.clone(), request }, intended))
    }

    /// The owner's yes, verified once more at the moment of use: genuine, for this request and these bytes, and in time.
    fn still_approved(&self, id: &str, asked: &Asked) -> Result<(), Refusal> {
        let receipt = asked.receipt.clone().ok_or(Refusal::NotApproved)?;
        let approval = self.means.approvals.verify(receipt).map_err(Refusal::ApprovalInvalid)?;
        let said = approval.statement();
        if said.request != id || said.digest != asked.digest {
            return Err(Refusal::ApprovalForOtherBytes);
        }
        match (said.answer, &asked.state) {
            (Answer::Denied, _) => Err(Refusal::ApprovalDenied),
            (Answer::Approved, State::Approved { at })
                if self.now().duration_since(*at) < self.means.permit_lifetime =>
            {
                Ok(())
            }
            (Answer::Approved, _) => Err(Refusal::ApprovalExpired),
        }
    }

    /// An intent that did not become durable in time: nothing is done, and as soon as anything can be recorded again it is
    /// said that nothing was.
    async fn give_up(&self, spent: &Spent, why: Refusal) -> Refusal {
        let outcome = Outcome::Failed { why: format!("nothing was done: {why}") };
        let given_up = Event::ExecutionFinished { request: spent.id.clone(), outcome };
        // Where this is not recorded either, the next start finds an intent without an outcome.
        let _ = self.note(given_up).await;
        why
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
                Ok(recalled) => self.means.outbound.look_back(&request, &recalled).await,
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
