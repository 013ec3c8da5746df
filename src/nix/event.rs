//! The lines that Nix writes with `--log-format internal-json`, and what
//! they say about a realisation as a whole. [pure]
//!
//! The numbers are those of `ActivityType` and `ResultType` in Nix's
//! `logging.hh`; they are the same in 2.8, 2.26 and 2.34.

use std::collections::{BTreeMap, VecDeque};

use serde_json::Value;

const BUILDS: u64 = 104;
const BUILD: u64 = 105;
const LOG_LINE: u64 = 101;
const PROGRESS: u64 = 105;

/// How many lines of each builder's log are kept for a failure.
const TAIL: usize = 30;

/// One line of Nix's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A derivation starts to build.
    Building { id: u64, drv: String },
    /// The activity that counts all builds.
    Counter { id: u64 },
    /// Builds done and expected.
    Progress { id: u64, done: u64, expected: u64 },
    /// A line that a builder wrote.
    Line { id: u64, text: String },
    /// An activity ended.
    Stop { id: u64 },
    /// Nix says something itself; level 0 is an error.
    Message { level: u64, text: String },
    /// What does not concern us.
    Other,
}

impl Event {
    /// Reads one line, whatever it holds.
    pub fn parse(line: &str) -> Event {
        let Some(json) = line.strip_prefix("@nix ") else {
            return Event::Message {
                level: 0,
                text: plain(line),
            };
        };
        let Ok(json) = serde_json::from_str::<Value>(json) else {
            return Event::Other;
        };
        Event::of(&json).unwrap_or(Event::Other)
    }

    fn of(json: &Value) -> Option<Event> {
        let id = || json.get("id")?.as_u64();
        let kind = || json.get("type")?.as_u64();
        let field = |index: usize| json.get("fields")?.get(index);
        let event = match json.get("action")?.as_str()? {
            "start" => match kind()? {
                BUILD => Event::Building {
                    id: id()?,
                    drv: field(0)?.as_str()?.to_owned(),
                },
                BUILDS => Event::Counter { id: id()? },
                _ => Event::Other,
            },
            "result" => match kind()? {
                LOG_LINE => Event::Line {
                    id: id()?,
                    text: plain(field(0)?.as_str()?),
                },
                PROGRESS => Event::Progress {
                    id: id()?,
                    done: field(0)?.as_u64()?,
                    expected: field(1)?.as_u64()?,
                },
                _ => Event::Other,
            },
            "stop" => Event::Stop { id: id()? },
            "msg" => Event::Message {
                level: json.get("level")?.as_u64()?,
                text: plain(json.get("msg")?.as_str()?),
            },
            _ => Event::Other,
        };
        Some(event)
    }
}

/// What is known of a running realisation.
#[derive(Debug, Default)]
pub struct Progress {
    running: BTreeMap<u64, String>,
    logs: BTreeMap<String, VecDeque<String>>,
    counter: Option<u64>,
    done: u64,
    expected: u64,
    errors: Vec<String>,
}

impl Progress {
    /// Takes an event in. Where a derivation has just started to build, says
    /// which it is of how many: `[2/9] patchelf`.
    pub fn take(&mut self, event: Event) -> Option<String> {
        match event {
            Event::Building { id, drv } => {
                // Also where it writes nothing: a failure may name it.
                self.logs.entry(drv.clone()).or_default();
                self.running.insert(id, drv.clone());
                let name = name_of(&drv);
                let current = (self.done + self.running.len() as u64).min(self.expected.max(1));
                return Some(format!("[{current}/{}] {name}", self.expected.max(current)));
            }
            Event::Counter { id } => self.counter = Some(id),
            Event::Progress { id, done, expected } if Some(id) == self.counter => {
                self.done = done;
                self.expected = expected;
            }
            Event::Line { id, text } => {
                if let Some(drv) = self.running.get(&id) {
                    let log = self.logs.entry(drv.clone()).or_default();
                    if log.len() == TAIL {
                        log.pop_front();
                    }
                    log.push_back(text);
                }
            }
            Event::Stop { id } => {
                self.running.remove(&id);
            }
            Event::Message { level: 0, text } => self.errors.push(text),
            Event::Message { .. } | Event::Progress { .. } | Event::Other => {}
        }
        None
    }

    /// The derivation that Nix's errors name as failed, where one of those
    /// that were built is.
    pub fn failed(&self) -> Option<&str> {
        let named = |drv: &&String| self.errors.iter().any(|text| text.contains(drv.as_str()));
        self.logs.keys().find(named).map(String::as_str)
    }

    /// The last lines that a builder wrote.
    pub fn log(&self, drv: &str) -> Vec<&str> {
        let log = self.logs.get(drv);
        log.into_iter().flatten().map(String::as_str).collect()
    }

    /// What Nix itself said went wrong, in its order.
    pub fn errors(&self) -> &[String] {
        &self.errors
    }
}

/// `patchelf` of `/nix/store/<hash>-patchelf.drv`.
pub fn name_of(drv: &str) -> &str {
    let base = drv.rsplit('/').next().unwrap_or(drv);
    let name = base.split_once('-').map_or(base, |(_, name)| name);
    name.strip_suffix(".drv").unwrap_or(name)
}

/// The text without colours and other control sequences.
fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "/nix/store/vy0xn906wvkkrb73vd5l5qs69g0g7m93-a.drv";

    #[test]
    fn lines_of_nix_are_read() {
        let building = Event::Building {
            id: 7,
            drv: A.to_owned(),
        };
        let cases = [
            (
                format!(r#"@nix {{"action":"start","fields":["{A}","",1,1],"id":7,"level":3,"parent":0,"text":"building","type":105}}"#),
                building,
            ),
            (
                r#"@nix {"action":"start","id":57213259350017,"level":0,"text":"","type":104}"#.to_owned(),
                Event::Counter { id: 57_213_259_350_017 },
            ),
            (
                r#"@nix {"action":"result","fields":[1,2,1,0],"id":5,"type":105}"#.to_owned(),
                Event::Progress { id: 5, done: 1, expected: 2 },
            ),
            (
                r#"@nix {"action":"result","fields":["\u001b[1mhello\u001b[0m"],"id":7,"type":101}"#.to_owned(),
                Event::Line { id: 7, text: "hello".to_owned() },
            ),
            (
                r#"@nix {"action":"stop","id":7}"#.to_owned(),
                Event::Stop { id: 7 },
            ),
            (
                r#"@nix {"action":"msg","column":null,"level":0,"msg":"\u001b[31;1merror:\u001b[0m no"}"#.to_owned(),
                Event::Message { level: 0, text: "error: no".to_owned() },
            ),
            (
                "error: from the loader".to_owned(),
                Event::Message { level: 0, text: "error: from the loader".to_owned() },
            ),
            (r#"@nix {"action":"start","id":1,"type":0}"#.to_owned(), Event::Other),
            (r#"@nix {"action":"start","fields":[1],"id":1,"type":105}"#.to_owned(), Event::Other),
            (r#"@nix {"action":"result","fields":[],"id":1,"type":105}"#.to_owned(), Event::Other),
            (r#"@nix {"action":"start","#.to_owned(), Event::Other),
            ("@nix 3".to_owned(), Event::Other),
        ];
        for (line, expected) in cases {
            assert_eq!(Event::parse(&line), expected, "{line}");
        }
    }

    #[test]
    fn a_failure_is_traced_to_the_builder_that_wrote_the_log() {
        let mut progress = Progress::default();
        let lines = [
            r#"@nix {"action":"start","id":1,"type":104}"#.to_owned(),
            r#"@nix {"action":"result","fields":[0,9,0,0],"id":1,"type":105}"#.to_owned(),
            r#"@nix {"action":"result","fields":[5,5,0,0],"id":2,"type":105}"#.to_owned(),
            format!(r#"@nix {{"action":"start","fields":["{A}"],"id":7,"type":105}}"#),
        ];
        let said: Vec<String> = lines
            .iter()
            .filter_map(|line| progress.take(Event::parse(line)))
            .collect();
        assert_eq!(said, ["[1/9] a"]);
        for n in 0..TAIL + 5 {
            progress.take(Event::Line {
                id: 7,
                text: n.to_string(),
            });
        }
        progress.take(Event::Stop { id: 7 });
        assert_eq!(progress.failed(), None);
        progress.take(Event::Message {
            level: 0,
            text: format!("error: builder for '{A}' failed with exit code 3"),
        });
        assert_eq!(progress.failed(), Some(A));
        let log = progress.log(A);
        assert_eq!((log.len(), log[0], log[TAIL - 1]), (TAIL, "5", "34"));
        let mut other = Progress::default();
        other.take(Event::Building {
            id: 7,
            drv: A.to_owned(),
        });
        other.take(Event::Stop { id: 7 });
        other.take(Event::Message {
            level: 0,
            text: format!("error: Cannot build '{A}'. Reason: builder failed"),
        });
        assert_eq!(other.failed(), Some(A));
        assert!(other.log(A).is_empty());
    }
}
