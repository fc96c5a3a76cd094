//! `gatepass settings`: what every process that uses the store agrees on.

use clap::Subcommand;
use serde_json::{Value, json};

use super::context::{Context, call};
use super::failure::Failure;
use super::output::Outcome;

#[derive(Debug, Subcommand)]
pub(crate) enum SettingsCommand {
    /// List every setting with its value, default and meaning
    #[command(after_help = "Example:\n  gatepass settings list")]
    List,
    /// Tell one setting
    #[command(after_help = "Example:\n  gatepass settings get session_idle_seconds")]
    Get {
        /// Its name
        name: String,
    },
    /// Change one setting, for every process, at once
    #[command(after_help = "\
Examples:
  gatepass settings set session_idle_seconds 900
  gatepass settings set replay_policy revoke
  gatepass settings set allowed_addresses 203.0.113.0/24,2001:db8::/32
  gatepass settings set allowed_addresses ''

A list is given with commas between its entries, or as a JSON array; nothing at all empties it.")]
    Set {
        /// Its name
        name: String,
        /// Its new value
        #[arg(allow_hyphen_values = true)]
        value: String,
    },
}

pub(crate) fn run(command: SettingsCommand, context: &Context) -> Result<Outcome, Failure> {
    match command {
        SettingsCommand::List => {
            let all = context.call("settings.list", Value::Null)?;
            Ok(Outcome::table(all, &["name", "value", "default", "about"]))
        }
        SettingsCommand::Get { name } => {
            Ok(Outcome::list(context.call("settings.get", json!({ "name": name }))?))
        }
        SettingsCommand::Set { name, value } => {
            let gate = context.open()?;
            let present = call(&gate, "settings.get", json!({ "name": name }))?;
            let value = typed(&value, &present["value"]);
            Ok(Outcome::list(call(&gate, "settings.set", json!({ "name": name, "value": value }))?))
        }
    }
}

/// The text as a value of the kind that the setting has now. What does not fit is handed on as it is: the
/// library says why.
fn typed(text: &str, present: &Value) -> Value {
    let parsed = serde_json::from_str::<Value>(text);
    match (present, parsed) {
        (Value::Array(_), Ok(list @ Value::Array(_))) => list,
        (Value::Array(_), _) => {
            text.split(',').map(str::trim).filter(|entry| !entry.is_empty()).map(Value::from).collect()
        }
        (Value::Bool(_) | Value::Number(_), Ok(value)) => value,
        _ => Value::from(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_takes_the_kind_of_its_setting() {
        for (text, present, value) in [
            ("900", json!(1_800), json!(900)),
            ("ten", json!(1_800), json!("ten")),
            ("true", json!(false), json!(true)),
            ("true", json!("warn"), json!("true")),
            ("5", json!("warn"), json!("5")),
            ("a.php, b/", json!([]), json!(["a.php", "b/"])),
            ("[\"a.php\"]", json!([]), json!(["a.php"])),
            ("", json!(["a.php"]), json!([])),
        ] {
            assert_eq!(typed(text, &present), value, "{text:?}");
        }
    }
}
