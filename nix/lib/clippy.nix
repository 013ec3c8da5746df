# cargo-clippy and clippy-driver, realised only for `xbuild clippy`.
{ makePrograms, rust }:
makePrograms {
  name = "clippy";
  programs = [
    "cargo-clippy"
    "clippy-driver"
  ];
  libraries = [ "${rust}/lib" ];
  script = "$out/bin/clippy-driver --version";
}
