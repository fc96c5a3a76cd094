//! `gatepass audit`: what happened, read and exported.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Args, Subcommand, ValueHint};
use gatepass::Gatepass;
use gatepass::audit::{AuditEvent, AuditQuery, AuditRef};
use gatepass::id::{ClientId, UserId};
use serde_json::json;

use super::context::{Context, call, json as as_json};
use super::credential::number;
use super::failure::Failure;
use super::input::{self, Moment};
use super::output::{Outcome, new_file, unless_closed};
use super::progress::Bar;

/// Events per page of an export.
const PAGE: u32 = 10_000;

/// The columns of the table.
const COLUMNS: &[&str] = &[
    "reference",
    "at",
    "event",
    "outcome",
    "credential_id",
    "user_id",
    "client_id",
    "object",
    "address",
    "actor",
    "detail",
    "count",
];

#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// List events, oldest first
    #[command(after_help = "\
Examples:
  gatepass audit list --since 2h
  gatepass audit list --since 30d --outcome refused --user 1
  gatepass audit list --event token.
  gatepass audit list --reference 1795356826123-0

--reference finds the event behind the number that a refusal page shows.")]
    List {
        #[command(flatten)]
        filter: Filter,
        /// Only the event of this number, whenever it was
        #[arg(long, value_name = "N", conflicts_with_all = ["since", "until", "after", "limit"])]
        #[arg(conflicts_with_all = ["event", "outcome", "credential", "user", "client", "object"])]
        reference: Option<String>,
        /// Only events after this number: the last of the page before
        #[arg(long, value_name = "N")]
        after: Option<String>,
        /// At most so many, up to 10000 [default: 100]
        #[arg(long, value_name = "N")]
        limit: Option<u32>,
    },
    /// Export events as JSON lines, all pages
    #[command(after_help = "\
Examples:
  gatepass audit export --since 30d > audit.jsonl
  gatepass audit export --since 2026-10-01 --until 2026-11-01 --output october.jsonl

With --json and without --output, the answer is one JSON array instead of lines.")]
    Export {
        #[command(flatten)]
        filter: Filter,
        /// Write to this new file, readable by its owner alone
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        output: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Filter {
    /// From then on: 24h, 2026-11-20 or a time in RFC 3339
    #[arg(long, value_name = "TIME", default_value = "24h")]
    since: Moment,
    /// Up to and not including then [default: now]
    #[arg(long, value_name = "TIME")]
    until: Option<Moment>,
    /// Only this kind of event, or with a trailing dot all kinds that begin so
    #[arg(long, value_name = "KIND")]
    event: Option<String>,
    /// Only this outcome: ok, refused, or the code of a reason
    #[arg(long, value_name = "OUTCOME")]
    outcome: Option<String>,
    /// Only through this credential: its label, identifier or number
    #[arg(long, value_name = "NAME")]
    credential: Option<String>,
    /// Only about this user
    #[arg(long, value_name = "USER", allow_negative_numbers = true)]
    user: Option<UserId>,
    /// Only about this client
    #[arg(long, value_name = "CLIENT", allow_negative_numbers = true)]
    client: Option<ClientId>,
    /// Only about this thing: the public name of a token or session, a label, a setting
    #[arg(long, value_name = "NAME")]
    object: Option<String>,
}

impl Filter {
    fn query(self, gate: &Gatepass) -> Result<AuditQuery, Failure> {
        let credential = self.credential.as_deref().map(|name| number(gate, name)).transpose()?;
        // What happened in this very millisecond counts.
        let until = self.until.map_or_else(|| input::now().plus(Duration::from_millis(1)), Moment::past);
        let mut query = AuditQuery::between(self.since.past(), until);
        query.event = self.event;
        query.outcome = self.outcome;
        query.credential_id = credential;
        query.user_id = self.user;
        query.client_id = self.client;
        query.object = self.object;
        Ok(query)
    }
}

pub(crate) fn run(command: AuditCommand, context: &Context) -> Result<Outcome, Failure> {
    let gate = context.open()?;
    match command {
        AuditCommand::List { reference: Some(reference), .. } => one(&gate, &reference),
        AuditCommand::List { filter, reference: None, after, limit } => {
            let query = filter.query(&gate)?;
            let parameters = json!({
                "from": query.from,
                "to": query.to,
                "event": query.event,
                "outcome": query.outcome,
                "credential_id": query.credential_id,
                "user_id": query.user_id,
                "client_id": query.client_id,
                "object": query.object,
                "after": after,
                "limit": limit,
            });
            Ok(Outcome::table(call(&gate, "audit.list", parameters)?, COLUMNS))
        }
        AuditCommand::Export { filter, output } => {
            let query = filter.query(&gate)?;
            match output {
                Some(file) => to_file(&gate, query, &file, context),
                None if context.output.json => to_array(&gate, query, context),
                None => to_stdout(&gate, query, context),
            }
        }
    }
}

fn one(gate: &Gatepass, reference: &str) -> Result<Outcome, Failure> {
    let reference = AuditRef::parse(reference)
        .ok_or_else(|| Failure::invalid("reference", "must look like 1795356826123-0"))?;
    let event = gate.audit_event(reference)?.ok_or_else(|| {
        Failure::invalid("reference", "there is no event of that number, or it is past its retention")
    })?;
    Ok(Outcome::table(json!([as_json(event)?]), COLUMNS))
}

/// Hands every event to `each`, page by page; how many there were.
fn export(
    gate: &Gatepass,
    mut query: AuditQuery,
    context: &Context,
    mut each: impl FnMut(&AuditEvent) -> Result<(), Failure>,
) -> Result<u64, Failure> {
    let bar = Bar::new(context.output, "export", "ms of the time range");
    let (from, to) = (query.from, query.to);
    let range = u64::try_from(to.since(from).as_millis()).unwrap_or(u64::MAX);
    query.limit = Some(PAGE);
    let mut count = 0;
    loop {
        let page = gate.audit_events(&query)?;
        for event in &page {
            each(event)?;
        }
        count += page.len() as u64;
        let Some(last) = page.last() else { break };
        query.after = Some(last.reference);
        bar.show(u64::try_from(last.at.since(from).as_millis()).unwrap_or(range), range);
        if page.len() < PAGE as usize {
            break;
        }
    }
    Ok(count)
}

fn line(out: &mut impl Write, event: &AuditEvent) -> io::Result<()> {
    serde_json::to_writer(&mut *out, event).map_err(io::Error::from)?;
    out.write_all(b"\n")
}

fn to_array(gate: &Gatepass, query: AuditQuery, context: &Context) -> Result<Outcome, Failure> {
    let mut events = Vec::new();
    export(gate, query, context, |event| {
        events.push(as_json(event)?);
        Ok(())
    })?;
    Ok(Outcome::text(events.into(), ""))
}

fn to_stdout(gate: &Gatepass, query: AuditQuery, context: &Context) -> Result<Outcome, Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    let mut closed = false;
    export(gate, query, context, |event| {
        if closed {
            return Ok(());
        }
        match line(&mut out, event) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => closed = true,
            written => written.map_err(Failure::output)?,
        }
        Ok(())
    })?;
    unless_closed(out.flush()).map_err(Failure::output)?;
    Ok(Outcome::told())
}

fn to_file(gate: &Gatepass, query: AuditQuery, path: &Path, context: &Context) -> Result<Outcome, Failure> {
    let mut out = BufWriter::new(new_file("output", path)?);
    let written = export(gate, query, context, |event| line(&mut out, event).map_err(Failure::output))
        .and_then(|count| out.flush().map(|()| count).map_err(Failure::output));
    if written.is_err() {
        // Half an export must not be taken for a whole one; it was made a moment ago and is ours.
        let _ = std::fs::remove_file(path);
    }
    Ok(Outcome::list(json!({ "file": path.to_string_lossy(), "events": written? })))
}
