# Evaluates every toolchain and runner, and asserts what must hold of all of
# them before anything is built.
{
  step,
  targets,
  toolchain,
  runner,
}:
let
  names = builtins.attrNames toolchain;
  sound =
    name:
    let
      facts = toolchain.${name}.facts;
      target = targets.${facts.triple};
    in
    # A musl target has no floor, a glibc target one that some base reaches.
    (facts.floor == null) == (target.libc == "musl")
    && (facts.base == null) == (target.libc == "musl")
    # A program of the same machine needs no emulator.
    && (runner.${name}.command == [ ]) == (target.arch == "amd64")
    # The bare triple is its default floor.
    && (name != facts.triple || target.libc == "musl" || facts.floor == target.glibc.default);
  bad = builtins.filter (name: !sound name) names;
in
assert bad == [ ];
step {
  name = "check-toolchains";
  drvs = builtins.unsafeDiscardStringContext (
    builtins.concatStringsSep "\n" (map (name: toolchain.${name}.drvPath) names)
  );
  script = ''
    [ $(echo "$drvs" | wc -l) -ge ${toString (builtins.length (builtins.attrNames targets))} ]
    echo "$drvs" > $out
  '';
}
