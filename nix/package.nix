# xbuild, built by its own pinned toolchain as a static program, so that it
# runs on any x86_64 Linux.
{
  step,
  crates,
  toolchain,
  hostCc,
  llvm,
  userland,
}:
let
  root = ../.;
  # Only what the program is made of: a change of a test or a text builds
  # nothing anew.
  wanted = [
    "Cargo.toml"
    "Cargo.lock"
    "build.rs"
    "src"
    "nix"
  ];
  source = builtins.path {
    name = "xbuild-source";
    path = root;
    filter =
      path: _:
      let
        below = builtins.substring (builtins.stringLength (toString root) + 1) (-1) (toString path);
        top = builtins.head (builtins.filter builtins.isString (builtins.split "/" below));
      in
      builtins.elem top wanted;
  };
  triple = "x86_64-unknown-linux-musl";
in
step {
  name = "xbuild";
  path = [
    toolchain
    llvm
    userland
  ];
  script = ''
    cp -r ${source} source
    chmod -R u+w source
    cd source
    # Cargo wants every declared target to have its file.
    for target in tests/it benches/warm; do
      mkdir -p $target
      echo 'fn main() {}' > $target/main.rs
    done
    ${builtins.concatStringsSep "\n" (
      map (name: "export ${name}=${toolchain.facts.env.${name}}") (builtins.attrNames toolchain.facts.env)
    )}
    # Nix's sandbox has no /lib64: what runs in it names its loader by path.
    export CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER=${hostCc}/bin/x86_64-linux-gnu-clang
    export RUSTC=${toolchain}/bin/rustc RUSTDOC=${toolchain}/bin/rustdoc
    export CARGO_HOME=$PWD/../cargo CARGO_TARGET_DIR=$PWD/../target
    cargo build --offline --locked --release --target ${triple} --bins \
      --config 'source.crates-io.replace-with="vendored"' \
      --config 'source.vendored.directory="${crates}"'
    mkdir -p $out/bin
    cp $CARGO_TARGET_DIR/${triple}/release/xbuild $CARGO_TARGET_DIR/${triple}/release/cargo-xbuild $out/bin/
    $out/bin/xbuild --version
  '';
}
