# A Cargo package as an ordinary derivation, with the same bits as `xbuild build
# --release`: so Nix's remote builders, binary caches and `--rebuild` work on it.
#
#   src          the folder with Cargo.toml and Cargo.lock
#   target       a triple, with a floor where wanted: aarch64-unknown-linux-gnu.2.17
#   name         of the derivation; else of the package
#   lock         else Cargo.lock in src
#   profile      else release
#   folder       the folder of src that cargo runs in: a member of a workspace
#   libraries    else xbuild.lock in src, where there is one: the packages of
#                Debian that `xbuild lock` pinned for the target, and the Rust
#   cargoFlags   more words for `cargo build`: [ "--bin" "tool" ]
#   tools        more sets of tools than the crates call: [ "protoc" ]
#   environment  more variables: they are inputs of the derivation, not the caller's
#   sourceDateEpoch
#                in place of the commit's time, which a flake's input has
#
# Nix's sandbox builds in /build, where the hermetic shell has everything too:
# paths that rustc writes down are the same. It has no /lib64, though, so what
# is linked to run in it (build scripts, proc macros) names its loader.
{
  step,
  crates,
  toolchains,
  hostCc,
  userland,
  project,
  toolSets,
  # The version of Debian's compiler.
  release,
}:
let
  constants = builtins.fromJSON (builtins.readFile ./environment.json);
in
{
  src,
  target,
  name ? null,
  lock ? "${src}/Cargo.lock",
  profile ? "release",
  folder ? "",
  libraries ? "${src}/xbuild.lock",
  cargoFlags ? [ ],
  environment ? { },
  tools ? [ ],
  # A folder that is no checkout has a `lastModified` too: of its newest file.
  sourceDateEpoch ?
    if src ? rev || src ? dirtyRev then
      src.lastModified or constants.SOURCE_DATE_EPOCH
    else
      constants.SOURCE_DATE_EPOCH,
}:
let
  upper = import ./lib/upper.nix;
  attribute =
    let
      parts = builtins.match "([^.]+)\\.(.+)" target;
    in
    # Only musl targets have two sysroots.
    if builtins.elem "c++" called && toolchains ? "${target}-cxx" then
      "${target}-cxx"
    else if parts == null then
      target
    else
      "${builtins.elemAt parts 0}-${builtins.replaceStrings [ "." ] [ "_" ] (builtins.elemAt parts 1)}";
  plain =
    toolchains.${attribute}
      or (throw "xbuild knows no target `${target}`; `xbuild targets` lists them and their floors");
  pinned =
    if builtins.pathExists libraries then builtins.fromTOML (builtins.readFile libraries) else { };
  # What is locked for the triple in the suite of its floor.
  locked = builtins.filter (
    entry: entry.triple == plain.facts.triple && entry.suite == plain.facts.base.suite or null
  ) (pinned.target or [ ]);
  rust = import ./lib/locked-rust.nix {
    inherit src release;
    inherit (plain.facts) host;
    rust = pinned.rust or null;
  };
  toolchain =
    if locked == [ ] && rust == null then
      plain
    else
      let
        entry = builtins.head locked;
        inherit (plain.facts) name;
      in
      (project {
        inherit name rust;
        snapshot = if locked == [ ] then null else entry.release.snapshot;
        packages = if locked == [ ] then [ ] else entry.package or [ ];
      }).toolchain.${name};
  facts = toolchain.facts;
  triple = facts.triple;

  manifest = builtins.fromTOML (builtins.readFile "${src}/Cargo.toml");
  packageName = if name != null then name else manifest.package.name or "workspace";

  # What cargo built, and git's own, are no source.
  source =
    if builtins.isPath src then
      builtins.path {
        path = src;
        name = "${packageName}-source";
        filter =
          path: type: !(type == "directory" && builtins.elem (baseNameOf path) [ ".git" "target" ]);
      }
    else
      src;

  # Sets of tools that the crates of the lock file call, and those asked for.
  table = builtins.fromJSON (builtins.readFile ./tool-sets.json);
  inLock = builtins.listToAttrs (
    map (package: {
      inherit (package) name;
      value = null;
    }) ((builtins.fromTOML (builtins.readFile lock)).package or [ ])
  );
  called = builtins.filter (
    set: builtins.elem set tools || builtins.any (crate: inLock ? ${crate}) table.${set}.crates
  ) (builtins.attrNames table);
  unknown = builtins.filter (set: !(table ? ${set})) tools;
  extra =
    if unknown == [ ] then
      map (set: toolSets.${set}) (builtins.filter (set: set != "c++") called)
    else
      throw "xbuild knows no tools `${builtins.head unknown}`, only ${builtins.concatStringsSep ", " (builtins.attrNames table)}";

  # Where cargo puts what it builds with a profile.
  profileFolder =
    {
      bench = "release";
      dev = "debug";
      test = "debug";
    }
    .${profile} or profile;
  place = builtins.concatStringsSep "/" ([ "source" ] ++ (if folder == "" then [ ] else [ folder ]));

  vendored = crates {
    name = packageName;
    inherit lock;
    # For `-Zbuild-std`, which needs the source.
    std = if builtins.elem "rust-src" (rust.components or [ ]) then rust.crate or [ ] else [ ];
  };

  # The host is a target too: cargo has one linker for its programs, which only
  # here run where they are linked.
  hostLinker =
    if triple != facts.host then
      "${hostCc}/bin/x86_64-linux-gnu-clang"
    else
      "${
        step {
          name = "linker-of-both";
          script = ''
            mkdir $out
            {
              echo '#!${userland}/bin/sh'
              echo 'case " $* " in'
              echo '*" -o /build/target/${triple}/"*) exec ${facts.env."CARGO_TARGET_${upper triple}_LINKER"} "$@" ;;'
              echo '*) exec ${hostCc}/bin/x86_64-linux-gnu-clang "$@" ;;'
              echo 'esac'
            } > $out/linker
            chmod +x $out/linker
          '';
        }
      }/linker";

  variables =
    constants
    // {
      SOURCE_DATE_EPOCH = sourceDateEpoch;
    }
    // facts.env
    // {
      "CARGO_TARGET_${upper facts.host}_LINKER" = hostLinker;
      RUSTC = "${toolchain}/bin/rustc";
      RUSTDOC = "${toolchain}/bin/rustdoc";
      PATH = builtins.concatStringsSep ":" (map (set: "${set}/bin") extra ++ facts.path);
    }
    // builtins.foldl' (all: set: all // set.variables) { } extra
    // environment;
  # A compiler is called by a path without a hash: some libraries write down by
  # which they were made.
  storePath = builtins.match "(/nix/store/[^/-]+-([^/]+))/(.*)";
  isCompiler =
    name:
    builtins.match "(HOST_)?(CC|CXX)(_.*)?" name != null && storePath variables.${name} != null;
  compiler =
    value:
    let
      parts = storePath value;
    in
    {
      folder = builtins.head parts;
      name = builtins.elemAt parts 1;
      path = "/build/${builtins.elemAt parts 1}/${builtins.elemAt parts 2}";
    };
  compilers = builtins.filter isCompiler (builtins.attrNames variables);
  neutral =
    variables
    // builtins.listToAttrs (
      map (name: {
        inherit name;
        value = (compiler variables.${name}).path;
      }) compilers
    );
  links = builtins.concatStringsSep "\n" (
    map (
      name:
      let
        found = compiler variables.${name};
      in
      "ln -sfn ${found.folder} /build/${found.name}"
    ) compilers
  );
  # Single quotes end where the text has one: 'it'\''s'.
  quote = text: "'${builtins.replaceStrings [ "'" ] [ "'\\''" ] (toString text)}'";
  exports = builtins.concatStringsSep "\n" (
    map (name: "export ${name}=${quote neutral.${name}}") (builtins.attrNames variables)
  );
in
step {
  name = "${packageName}-${attribute}";
  script = ''
    if [ "$PWD" != /build ]; then
      echo "this derivation builds in Nix's sandbox, in /build, not in $PWD: sandbox = true in nix.conf" >&2
      exit 1
    fi
    cp -r ${source} source
    chmod -R u+w source
    mkdir -p home target cargo/registry/src
    # Where cargo itself unpacks the crates of the registry. Behind a link rustc
    # would run in another folder, and debug information tells of that.
    cp -r ${vendored} cargo/registry/src/${vendored.folder}
    {
      echo '[source.crates-io]'
      echo 'replace-with = "vendored"'
      echo '[source.vendored]'
      echo 'directory = "/build/cargo/registry/src/${vendored.folder}"'
    } > cargo/config.toml
    ${links}
    tools=$PATH
    ${exports}
    cd ${quote place}
    cargo build --profile ${quote profile} --locked --target ${triple} ${builtins.concatStringsSep " " (map quote cargoFlags)}

    export PATH=$tools
    cd /build/target/${triple}/${profileFolder}
    for file in *; do
      [ -f "$file" ] || continue
      case $file in
        *.d | *.rlib | *.rmeta | .cargo-lock) continue ;;
        *.so | *.a) folder=lib ;;
        *) folder=bin ;;
      esac
      mkdir -p $out/$folder
      cp "$file" $out/$folder/
    done
    [ -d $out ] || { echo "cargo made no program and no library for ${triple}" >&2; exit 1; }
  '';
}
