//! The real Zone 1, with a real record, policy, keys and outbox, and two clocks in our hand.

use crate::commands::{By, Command, Letter, Rule, Says, Signed, Which, Wish, Word, Zone};
use crate::model::{BEGIN, FIVE_MINUTES, Said, Second};
use action::{Digest, Request, Role, ZoneId};
use audit_log::{Entry, HeadKey, LogFiles, Options, Signer};
use capability::{Answer, ApprovalKey, PermitKey, PolicyStatement, Statement};
use connectors::maildir_outbox;
use executor::caller::Caller;
use executor::clock::{Clock, Reading};
use executor::judge::{Standing, UntrustedWish};
use executor::outbound::{MailRoute, Outbound};
use executor::perform::UntrustedOrder;
use executor::policy_in_force::{PolicyInForce, PolicyText};
use executor::record::{Record, RecordPlace};
use executor::refusal::Refusal;
use executor::zone1::{Means, Zone1};
use jiff::{SignedDuration, Timestamp};
use ledger::{Complete, Completeness, Event, NotAnEvent};
use ring::rand::SystemRandom;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;

/// Zone 1 and everybody around it.
pub(crate) struct System {
    home: Home,
    clocks: Arc<Mutex<Reading>>,
    /// The clock that nobody set.
    right: Second,
    in_force: Rule,
    zone1: Option<Arc<Zone1>>,
    papers: BTreeMap<Wish, Papers>,
    words: BTreeMap<Rule, String>,
    /// Makes every word of the owner another one.
    said: u32,
}

/// What lies on the disk, and the owner's key and a stranger's.
struct Home {
    folder: TempDir,
    record_key: String,
    owner: ApprovalKey,
    stranger: ApprovalKey,
}

/// What was handed out about a wish, oldest first.
struct Papers {
    request: String,
    letter: Letter,
    permits: Vec<String>,
    answers: Vec<String>,
}

// === impl System ===

impl System {
    pub(crate) async fn new() -> Self {
        let home = Home::new();
        let clocks = Arc::new(Mutex::new(Reading { wall: at(BEGIN), steady: SignedDuration::ZERO }));
        std::fs::write(home.policy(), text_of(Rule::Ask)).unwrap();
        maildir_outbox::create(&home.path("outbox")).unwrap();
        let zone1 = Some(home.start(home.record(), Arc::clone(&clocks)).await);
        let (papers, words) = (BTreeMap::new(), BTreeMap::new());
        Self { home, clocks, right: BEGIN, in_force: Rule::Ask, zone1, papers, words, said: 0 }
    }

    /// Does it, and says what was answered.
    pub(crate) async fn run(&mut self, command: Command) -> Said {
        let said = match command {
            Command::Ask(wish, letter) => self.ask(wish, letter).await,
            Command::TakePermit(wish, by) => self.take_permit(wish, by).await,
            Command::Execute { wish, by, letter, older } => self.execute(wish, by, letter, older).await,
            Command::Withdraw(wish, by) => {
                let asked = self.zone1().withdraw(&caller(wish.zone.seen(by)), &self.request(wish)).await;
                asked.map(|()| Said::Done)
            }
            Command::Answer(wish, says, signed) => self.answer(wish, says, signed).await,
            Command::AskAgain(wish) => {
                self.zone1().ask_again(&self.request(wish), "uid 501").await.map(Said::Now)
            }
            Command::Apply(rule, word) => self.apply(rule, word).await,
            Command::ExpireDue => self.zone1().expire_due().await.map(|()| Said::Nothing),
            other => {
                self.happens(other);
                Ok(Said::Nothing)
            }
        };
        said.unwrap_or_else(|refusal| Said::Refused(refusal.code()))
    }

    /// Ends and starts again. What is remembered is the same; says how far the record had come.
    pub(crate) async fn restart(&mut self) -> Second {
        let ended = Arc::into_inner(self.zone1.take().unwrap()).unwrap().into_record().unwrap();
        let before = ended.ledger().carried().unwrap();
        drop(ended);
        let record = self.home.record();
        assert_eq!(record.ledger().carried().unwrap(), before, "what is remembered after a restart");
        let recorded = record.latest().as_second();
        self.zone1 = Some(self.home.start(record, Arc::clone(&self.clocks)).await);
        recorded
    }

    /// What lies in the outbox: for whom, and what.
    pub(crate) fn outbox(&self) -> BTreeMap<Wish, Letter> {
        let new = self.home.path("outbox").join("new");
        let wish_of = |request: &str| self.papers.iter().find(|(_, papers)| papers.request == request);
        let mails = std::fs::read_dir(new).unwrap().map(|mail| {
            let mail = mail.unwrap();
            let text = std::fs::read_to_string(mail.path()).unwrap();
            let sent =
                [Letter::Hello, Letter::Goodbye].into_iter().find(|letter| text.contains(body_of(*letter)));
            (*wish_of(mail.file_name().to_str().unwrap()).unwrap().0, sent.unwrap())
        });
        mails.collect()
    }

    /// Whether the record holds together, and what it lacks.
    pub(crate) fn audit(&self) -> Complete {
        let mut completeness = Completeness::new(self.home.owner.verifier());
        for entry in self.home.entries() {
            completeness.hear(entry.seq, entry.timestamp, event_of(&entry).as_ref());
        }
        completeness.finish()
    }

    async fn ask(&mut self, wish: Wish, letter: Letter) -> Result<Said, Refusal> {
        let untrusted_wish = UntrustedWish {
            action: "send_email".to_owned(),
            parameters: parameters_of(letter),
            key: wish.key.to_string(),
            item: String::new(),
        };
        let answer = self.zone1().request(&caller(wish.zone), untrusted_wish).await;
        if !self.papers.contains_key(&wish)
            && let Some(request) = answer
                .as_ref()
                .map_or_else(|_refused| self.recorded_as(wish), |answer| Some(answer.request.clone()))
        {
            self.papers.insert(wish, Papers { request, letter, permits: Vec::new(), answers: Vec::new() });
        }
        Ok(self.take(wish, answer?.standing))
    }

    async fn take_permit(&mut self, wish: Wish, by: By) -> Result<Said, Refusal> {
        let (zone1, request) = (Arc::clone(self.zone1()), self.request(wish));
        let pending = zone1.show(&request).is_ok_and(|card| card.asked.state_word() == "pending");
        if by == By::Own && pending && !self.home.path("latch").exists() {
            return Ok(Said::Nothing);
        }
        let answer = zone1.await_approval(&caller(wish.zone.seen(by)), &request).await?;
        Ok(self.take(wish, answer.standing))
    }

    async fn execute(&mut self, wish: Wish, by: By, letter: Which, older: usize) -> Result<Said, Refusal> {
        let Some(papers) = self.papers.get(&wish) else { return Ok(Said::Nothing) };
        let Some(permit) = papers.permits.iter().rev().nth(older).cloned() else { return Ok(Said::Nothing) };
        let parameters = parameters_of(papers.letter.seen(letter));
        let order = UntrustedOrder { permit, action: "send_email".to_owned(), parameters };
        self.zone1().execute(caller(wish.zone.seen(by)), order).await.map(|_done| Said::Done)
    }

    async fn answer(&mut self, wish: Wish, says: Says, signed: Signed) -> Result<Said, Refusal> {
        self.said += 1;
        let letter = self.papers.get(&wish).map_or(Letter::Hello, |papers| papers.letter);
        let letter = if signed == Signed::ForOtherBytes { letter.seen(Which::Changed) } else { letter };
        let statement = Statement {
            request: self.request(wish),
            digest: request_of(wish.zone, letter).digest(),
            answer: if says == Says::Yes { Answer::Approved } else { Answer::Denied },
            who: format!("uid {}", self.said),
            how: "moltctl".to_owned(),
            when: self.clocks.lock().unwrap().wall,
        };
        let receipt = match signed {
            Signed::Genuine | Signed::ForOtherBytes => self.home.owner.sign(&statement).unwrap(),
            Signed::ByAForeignKey => self.home.stranger.sign(&statement).unwrap(),
            Signed::Before(ago) => {
                let before = self.papers.get(&wish).and_then(|papers| papers.answers.iter().rev().nth(ago));
                let Some(before) = before else { return Ok(Said::Nothing) };
                before.clone()
            }
        };
        let state = self.zone1().submit_approval(receipt.clone()).await?;
        self.papers.entry(wish).and_modify(|papers| papers.answers.push(receipt));
        Ok(Said::Now(state))
    }

    async fn apply(&mut self, rule: Rule, word: Word) -> Result<Said, Refusal> {
        self.said += 1;
        let digest = |rule| Digest::of(text_of(rule).as_bytes());
        let from = if word == Word::OnTopOfAnother { Digest::of(b"another") } else { digest(self.in_force) };
        let statement = PolicyStatement {
            from,
            to: digest(rule),
            who: format!("uid {}", self.said),
            how: "moltctl".to_owned(),
            when: self.clocks.lock().unwrap().wall,
        };
        let receipt = match word {
            Word::Genuine | Word::OnTopOfAnother | Word::WithoutTheFile => {
                self.home.owner.sign_policy(&statement).unwrap()
            }
            Word::ByAForeignKey => self.home.stranger.sign_policy(&statement).unwrap(),
            Word::Before => {
                let Some(before) = self.words.get(&rule) else { return Ok(Said::Nothing) };
                before.clone()
            }
        };
        if word != Word::WithoutTheFile {
            std::fs::write(self.home.policy(), text_of(rule)).unwrap();
        }
        self.zone1().apply_policy(text_of(rule).to_owned(), receipt.clone()).await?;
        self.words.insert(rule, receipt);
        self.in_force = rule;
        Ok(Said::Done)
    }

    fn happens(&mut self, command: Command) {
        let latch = self.home.path("latch");
        match command {
            Command::Tamper => {
                std::fs::write(self.home.policy(), format!("{}// hello", text_of(Rule::Allow))).unwrap();
            }
            Command::Restore => std::fs::write(self.home.policy(), text_of(self.in_force)).unwrap(),
            // A freeze: it may go on. After a kill this process does nothing any more, so there is nothing to model.
            Command::Latch if latch.exists() => {}
            Command::Latch => {
                let order = home::Order::new(home::Level::Frozen, "owner", "to look at it");
                home::Latch::at(latch).freeze(&order).unwrap();
            }
            Command::Unlatch if latch.exists() => std::fs::remove_file(latch).unwrap(),
            Command::Pass(seconds) if !crate::model::is_late(self.right) => {
                self.right += seconds;
                let passed = SignedDuration::from_secs(seconds);
                let mut clocks = self.clocks.lock().unwrap();
                clocks.steady += passed;
                clocks.wall += passed;
            }
            Command::SetWall(hours) => self.clocks.lock().unwrap().wall = at(self.right + hours * 3600),
            _ => {}
        }
    }

    /// The zone keeps what it was handed: permits of every age.
    fn take(&mut self, wish: Wish, standing: Standing) -> Said {
        match standing {
            Standing::Granted { permit, expires_at } => {
                self.papers.entry(wish).and_modify(|papers| papers.permits.push(permit));
                Said::Granted { until: expires_at.as_second() }
            }
            Standing::Pending { expires_at } => Said::Pending { until: expires_at.as_second() },
        }
    }

    fn zone1(&self) -> &Arc<Zone1> {
        self.zone1.as_ref().unwrap()
    }

    fn request(&self, wish: Wish) -> String {
        self.papers.get(&wish).map_or_else(|| "req-0".to_owned(), |papers| papers.request.clone())
    }

    /// A wish that policy refuses at once is recorded; the zone is not told under which name.
    fn recorded_as(&self, wish: Wish) -> Option<String> {
        self.home.entries().find_map(|entry| match event_of(&entry).unwrap() {
            Event::CapabilityRequested { request, zone, key, .. }
                if zone == zone_of(wish.zone).to_string() && key == wish.key.to_string() =>
            {
                Some(request)
            }
            _ => None,
        })
    }
}

// === impl Home ===

impl Home {
    fn new() -> Self {
        let random = SystemRandom::new();
        let key = || ApprovalKey::from_text(&ApprovalKey::generate_text(&random).unwrap()).unwrap();
        // Where nothing reaches a disk, a sync costs nothing.
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
        let record_key = HeadKey::generate_text(&random).unwrap();
        Self { folder: folder.unwrap(), record_key, owner: key(), stranger: key() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn policy(&self) -> PathBuf {
        self.path("policy.cedar")
    }

    /// The entries of the record, as far as they hold together: all of them.
    fn entries(&self) -> impl Iterator<Item = Entry> + use<> {
        let entries = audit_log::entries(&LogFiles::of(&self.path("log.jsonl"))).unwrap();
        entries.map(|entry| entry.unwrap().unwrap())
    }

    /// Small segments, so that a start mostly begins with what was carried over.
    fn record(&self) -> Record {
        let key = HeadKey::from_text(&self.record_key).unwrap();
        let signer = Signer { origin: home::RECORD_ORIGIN.parse().unwrap(), key };
        let place = RecordPlace { log: self.path("log.jsonl"), content: self.path("content"), signer };
        Record::open(place, &Options { segment: 80 * 1024, reserve: 64 * 1024, ..Options::default() })
            .unwrap()
    }

    /// As the executor starts.
    async fn start(&self, mut record: Record, clocks: Arc<Mutex<Reading>>) -> Arc<Zone1> {
        let clock = Clock::new(record.latest(), move || *clocks.lock().unwrap());
        let found = PolicyText::new(std::fs::read_to_string(self.policy()).unwrap());
        let (policy, established) =
            PolicyInForce::establish(&mut record, self.policy(), found, clock.now()).unwrap();
        established.wait().await.unwrap();
        let means = Means {
            host: "local".to_owned(),
            latch: self.path("latch"),
            clock,
            policy,
            permits: PermitKey::generate(&SystemRandom::new()).unwrap(),
            approvals: self.owner.verifier(),
            outbound: Outbound {
                mail_from: "me@example.org".parse().unwrap(),
                host: "host.invalid".to_owned(),
                mail: MailRoute::Maildir(self.path("outbox")),
                services: executor::services::Services::default(),
                standings: executor::standing::Standings::default(),
            },
            approval_expiry: SignedDuration::from_secs(FIVE_MINUTES),
            permit_lifetime: SignedDuration::from_secs(FIVE_MINUTES),
            tag_key: [7; 32],
        };
        let zone1 = Zone1::new(record, means);
        zone1.started("test").await.unwrap();
        zone1.settle_interrupted().await.unwrap();
        Arc::new(zone1)
    }
}

fn event_of(entry: &Entry) -> Result<Event, NotAnEvent> {
    Event::parse(&entry.event_type, &entry.details.to_string())
}

fn zone_of(zone: Zone) -> ZoneId {
    caller(zone).zone
}

fn caller(zone: Zone) -> Caller {
    let role = match zone {
        Zone::Planner => Role::Planner,
        Zone::Reader => Role::ReaderEmail,
    };
    Caller::nobody_of("local", role)
}

fn request_of(zone: Zone, letter: Letter) -> Request {
    Request::check(zone_of(zone), "send_email", parameters_of(letter)).unwrap()
}

fn parameters_of(letter: Letter) -> String {
    format!(r#"{{"to":"ann@example.org","subject":"Hi","body":"{}"}}"#, body_of(letter))
}

const fn body_of(letter: Letter) -> &'static str {
    match letter {
        Letter::Hello => "Hello",
        Letter::Goodbye => "Goodbye",
    }
}

const fn text_of(rule: Rule) -> &'static str {
    match rule {
        Rule::Ask => {
            r#"@id("ask") @rate_limit("3/hour")
            permit (principal, action == Action::"send_email", resource == Connector::"mail")
            when { context.approved };"#
        }
        Rule::Allow => {
            r#"@id("allow") @rate_limit("2/hour")
            permit (principal, action == Action::"send_email", resource == Connector::"mail");"#
        }
        Rule::Forbid => {
            r#"@id("forbid")
            forbid (principal, action, resource);"#
        }
    }
}

fn at(second: Second) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}
