{
  description = "A Cargo package for several targets";

  inputs.xbuild.url = "git+https://example.invalid/xbuild"; # where you have xbuild from

  outputs =
    { self, xbuild }:
    let
      build = target: xbuild.lib.buildPackage {
        src = self;
        inherit target;
      };
    in
    {
      packages.x86_64-linux = {
        default = build "x86_64-unknown-linux-musl";
        x86_64-static = build "x86_64-unknown-linux-musl";
        aarch64 = build "aarch64-unknown-linux-gnu.2.17";
        aarch64-static = build "aarch64-unknown-linux-musl";
      };
    };
}
