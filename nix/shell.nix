# `nix develop`: the variables of a toolchain in the user's own shell. It is
# not hermetic; `xbuild shell` is.
#
# Nix wants bash as the builder of what it develops.
{
  bash,
  hostCc,
}:
{
  name,
  target,
  toolchain,
  runner,
}:
let
  upper = import ./lib/upper.nix;
  native = target.triple == "x86_64-unknown-linux-gnu";
  facts = toolchain.facts;
  runnerVariable =
    if runner.command == [ ] then
      { }
    else
      {
        "CARGO_TARGET_${upper target.triple}_RUNNER" = builtins.concatStringsSep " " runner.command;
      };
  # Build scripts run on whatever machine this is, which may have no /lib64.
  hostLinker =
    if native then
      { }
    else
      { CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER = "${hostCc}/bin/x86_64-linux-gnu-clang"; };
in
derivation (
  facts.env
  // runnerVariable
  // hostLinker
  // {
    name = "shell-${name}";
    system = "x86_64-linux";
    # Where nix develop has it written down what the variables are.
    outputs = [ "out" ];
    builder = "${bash}/bin/bash";
    args = [
      "-c"
      "echo 'this is for nix develop' > $out"
    ];
    PATH = builtins.concatStringsSep ":" ([ "${toolchain}/bin" ] ++ facts.path ++ [ "${bash}/bin" ]);
    RUSTC = "${toolchain}/bin/rustc";
    RUSTDOC = "${toolchain}/bin/rustdoc";
    CARGO_BUILD_TARGET = target.triple;
  }
)
