//! Flags for rustc and C compilers that would bite: other processors, other
//! linkers. [pure]

use super::finding::{Finding, Topic};

/// What is wrong with words of flags, as they stand in `RUSTFLAGS`, `CFLAGS` or
/// a list; `whose` is the setting, for messages.
pub fn judge(whose: &str, words: &[String]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (position, word) in words.iter().enumerate() {
        // `-C linker=x`, `-Clinker=x` and `--codegen linker=x` are one.
        let option = match &**word {
            "-C" | "--codegen" => continue,
            word => word.strip_prefix("-C").unwrap_or(word),
        };
        let is_codegen = word.starts_with("-C")
            || position > 0 && matches!(&*words[position - 1], "-C" | "--codegen");
        if let Some(cpu) = value(option, "target-cpu", is_codegen)
            .or_else(|| option.strip_prefix("-march="))
            .or_else(|| option.strip_prefix("-mcpu="))
        {
            findings.push(of_cpu(whose, word, cpu));
        } else if let Some(features) = value(option, "target-feature", is_codegen) {
            let added = features.split(',').filter_map(|one| one.strip_prefix('+'));
            // Which C library is linked is no matter of the processor.
            let added: Vec<&str> = added.filter(|one| *one != "crt-static").collect();
            if !added.is_empty() {
                findings.push(Finding::note(
                    Topic::Processor,
                    format!(
                        "{whose}: programs run only on processors with {}",
                        added.join(", ")
                    ),
                ));
            }
        } else if let Some(linker) = value(option, "linker", is_codegen) {
            findings.push(
                Finding::bites(
                    Topic::Linker,
                    format!("{whose} names the linker `{linker}`, which the shell has not"),
                )
                .hint(format!(
                    "leave `{word}` out: every toolchain has its linker"
                )),
            );
        }
    }
    findings
}

fn value<'o>(option: &'o str, name: &str, is_codegen: bool) -> Option<&'o str> {
    let value = option.trim_start().strip_prefix(name)?.strip_prefix('=');
    value.filter(|_| is_codegen)
}

fn of_cpu(whose: &str, word: &str, cpu: &str) -> Finding {
    if cpu == "native" {
        return Finding::bites(
            Topic::Processor,
            format!(
                "{whose}: programs run only on processors like this machine's, and each machine \
                 builds others"
            ),
        )
        .hint(format!(
            "leave `{word}` out, or name the oldest processor: -C target-cpu=x86-64-v2"
        ));
    }
    Finding::note(
        Topic::Processor,
        format!("{whose}: programs run only on {cpu} and newer"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::Weight;

    #[test]
    fn flags_are_weighed() {
        let bites = Some(Weight::Bites);
        let note = Some(Weight::Note);
        for (flags, topic, weight) in [
            ("-C target-cpu=native", Topic::Processor, bites),
            ("-Ctarget-cpu=native", Topic::Processor, bites),
            ("--codegen target-cpu=native", Topic::Processor, bites),
            ("-O2 -march=native", Topic::Processor, bites),
            ("-mcpu=native", Topic::Processor, bites),
            ("-C target-cpu=x86-64-v3", Topic::Processor, note),
            ("-C target-feature=+avx2,-sse4a", Topic::Processor, note),
            ("-C target-feature=+crt-static", Topic::Processor, None),
            ("-C target-feature=-crt-static", Topic::Processor, None),
            ("-C linker=aarch64-linux-gnu-gcc", Topic::Linker, bites),
            ("-Clinker=ld", Topic::Linker, bites),
            ("-C link-arg=-s -O2 -Dwarnings", Topic::Linker, None),
            ("--cfg tokio_unstable", Topic::Linker, None),
        ] {
            let words: Vec<String> = flags.split_whitespace().map(Into::into).collect();
            let found = judge("RUSTFLAGS", &words);
            assert!(found.len() <= 1, "{flags}: {found:?}");
            let weight_found = found.first().map(|finding| finding.weight);
            assert_eq!(weight_found, weight, "{flags}");
            assert!(
                found.iter().all(|finding| finding.topic == topic),
                "{flags}"
            );
        }
    }
}
