{
  description = "Cross-compile any Cargo project in a hermetic shell of pinned, signed packages";

  # No inputs: everything follows from nix/pins/, which follows from Debian's
  # signed releases beside it.
  outputs =
    { self }:
    let
      system = "x86_64-linux";
      parts = import ./nix;
      prefixed =
        prefix: set:
        builtins.listToAttrs (
          map (name: {
            name = prefix + name;
            value = set.${name};
          }) (builtins.attrNames set)
        );
    in
    {
      packages.${system} = {
        inherit (parts) xbuild;
        default = parts.xbuild;
      }
      // prefixed "toolchain-" parts.toolchain
      // prefixed "runner-" parts.runner;

      apps.${system} = rec {
        xbuild = {
          type = "app";
          program = "${parts.xbuild}/bin/xbuild";
        };
        default = xbuild;
      };

      devShells.${system} = parts.shell // {
        default = parts.shell.x86_64-unknown-linux-gnu;
      };

      checks.${system} = parts.checks;

      lib.buildPackage = parts.buildPackage;

      # Nix wants the arguments to have these names.
      overlays.default = final: prev: {
        inherit (parts) xbuild;
        xbuildPackage = parts.buildPackage;
      };

      templates.default = {
        # A path of the store proper: what is evaluated may lie elsewhere, and
        # Nix 2.8 checks.
        path = builtins.path {
          path = ./examples/flake;
          name = "xbuild-template";
        };
        description = "A Cargo package, cross-compiled by xbuild as ordinary derivations";
      };
    };
}
