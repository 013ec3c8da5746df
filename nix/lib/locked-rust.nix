# The Rust that a source's `xbuild.lock` pins, or null for Debian's; an error
# where its toolchain file asks for another.
{
  src,
  rust,
  # The version of Debian's compiler, and what it runs on.
  release,
  host,
}:
let
  old = "${src}/rust-toolchain";
  path = if builtins.pathExists old then old else "${old}.toml";
  text = builtins.readFile path;
  word = builtins.match "[[:space:]]*([A-Za-z0-9.-]+)[[:space:]]*" text;
  written =
    if !builtins.pathExists path then
      "stable"
    else if word != null then
      builtins.head word
    else
      (builtins.fromTOML text).toolchain.channel or "stable";
  channel = builtins.replaceStrings [ "-${host}" ] [ "" ] written;
  isDebians =
    channel == "stable"
    || channel == release
    || builtins.match "[0-9]+\\.[0-9]+" channel != null
      && builtins.substring 0 (builtins.stringLength channel + 1) release == "${channel}.";
  wanted = if isDebians then null else channel;
  pinned = rust.channel or null;
  named = channel: if channel == null then "Debian's Rust" else "Rust ${channel}";
in
if wanted == pinned then
  rust
else
  throw "the source asks for ${named wanted}, and its xbuild.lock has ${named pinned}: xbuild lock"
