# xbuild, built by its own pinned toolchain as a static program, so that it
# runs on any x86_64 Linux; with its man pages and completions, where shells and
# `man` look for them below a profile.
{ step, buildPackage }:
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
  files = builtins.path {
    name = "xbuild-files";
    path = root;
    filter =
      path: _:
      let
        below = builtins.substring (builtins.stringLength (toString root) + 1) (-1) (toString path);
        top = builtins.head (builtins.filter builtins.isString (builtins.split "/" below));
      in
      builtins.elem top wanted;
  };
  programs = buildPackage {
    name = "xbuild";
    src = step {
      name = "xbuild-source";
      script = ''
        cp -r ${files} $out
        chmod -R u+w $out
        # Cargo wants every declared target to have its file.
        for target in tests/it benches/reproducible benches/performance; do
          mkdir -p $out/$target
          echo 'fn main() {}' > $out/$target/main.rs
        done
      '';
    };
    lock = ../Cargo.lock;
    target = "x86_64-unknown-linux-musl";
    cargoFlags = [ "--bins" ];
  };
in
step {
  name = "xbuild";
  script = ''
    mkdir -p $out
    cp -r ${programs}/bin $out/
    xbuild=$out/bin/xbuild
    $xbuild man --out $out/share/man/man1
    completions() {
      mkdir -p $out/share/$2
      $xbuild completions $1 > $out/share/$2/$3
    }
    completions bash bash-completion/completions xbuild
    completions elvish elvish/lib xbuild.elv
    completions fish fish/vendor_completions.d xbuild.fish
    completions nushell nushell/vendor/autoload xbuild.nu
    completions zsh zsh/site-functions _xbuild
  '';
}
