//! The pictures of the terminal in `docs/images`, in light and in dark, are of
//! what the commands say now. To make them: `XBUILD_BOOK=write cargo test --test
//! it screenshots::`.

use std::fs;

use anstyle_svg::{Palette, Term, WIN10_CONSOLE};
use regex::Regex;

use crate::book::{Place, comparable, told, writes};
use crate::support::{repository, turn_to_build};

/// Name, and the commands that it shows.
const PICTURES: [(&str, &[&str]); 4] = [
    (
        "run",
        &["xbuild run --release --target aarch64-unknown-linux-gnu.2.17 -- a word"],
    ),
    (
        "build",
        &[
            "xbuild build --release --target aarch64-unknown-linux-gnu.2.17 \\\n    --target x86_64-unknown-linux-musl",
        ],
    ),
    (
        "verify",
        &["xbuild verify --target x86_64-unknown-linux-musl"],
    ),
    (
        "refused",
        &[
            "xbuild build --target aarch64-unknown-linux-gnu.2.9",
            "xbuild build --target arch64-unknown-linux-gnu",
            "xbuild explain i686-pc-windows-msvc",
        ],
    ),
];

/// Colours that can be read on white: those of many terminals are too bright.
const ON_WHITE: Palette = Palette([
    rgb(0x24292f),
    rgb(0xa40e26),
    rgb(0x116329),
    rgb(0x7d4e00),
    rgb(0x0550ae),
    rgb(0x6639ba),
    rgb(0x1b5a70),
    rgb(0x57606a),
    rgb(0x424a53),
    rgb(0xa40e26),
    rgb(0x1a7f37),
    rgb(0x7d4e00),
    rgb(0x0550ae),
    rgb(0x6639ba),
    rgb(0x1b5a70),
    rgb(0x24292f),
]);

const fn rgb(hex: u32) -> anstyle::RgbColor {
    let [_, red, green, blue] = hex.to_be_bytes();
    anstyle::RgbColor(red, green, blue)
}

fn term(palette: Palette, foreground: u32, background: u32) -> Term {
    Term::new()
        .palette(palette)
        .fg_color(rgb(foreground).into())
        .bg_color(rgb(background).into())
}

/// What a picture says, without what another day makes otherwise.
fn text(svg: &str) -> String {
    let tag = Regex::new("<style>(?s:.)*</style>|<[^>]*>").expect("a rule");
    let text = tag.replace_all(svg, "");
    comparable(&text.replace("&#x2F;", "/").replace("&#x27;", "'"))
}

#[test]
fn they_show_what_is_said() {
    let _building = turn_to_build();
    let place = Place::new();
    for (name, commands) in PICTURES {
        let mut shown = String::new();
        for command in commands {
            let caller = place.shell(command).env("CLICOLOR_FORCE", "1");
            let outcome = caller.env("CARGO_TERM_COLOR", "always").run();
            shown.push_str(&format!("$ {command}\n{}", told(&outcome)));
        }
        assert!(shown.contains("\u{1b}["), "{name} has no colour: {shown}");
        for (side, term) in [
            ("dark", term(WIN10_CONSOLE, 0xd4d4d4, 0x1e1e1e)),
            ("light", term(ON_WHITE, 0x24292f, 0xffffff)),
        ] {
            let svg = term.render_svg(shown.trim_end());
            let path = repository("docs/images").join(format!("{name}.{side}.svg"));
            if writes() {
                fs::create_dir_all(repository("docs/images")).expect("a folder");
                fs::write(path, &svg).expect("a picture");
            } else {
                let kept = fs::read_to_string(&path).expect("a picture");
                assert_eq!(text(&svg), text(&kept), "{}", path.display());
            }
        }
    }
}
