# xz: the seed's own unpacks nothing that was packed with a dictionary of more
# than 64 MiB, as Rust's components are.
{ makePrograms }:
makePrograms {
  name = "xz";
  programs = [ "xz" ];
  script = "$out/bin/xz --version";
}
