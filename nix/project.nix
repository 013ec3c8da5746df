# The toolchains, runners and lints of a project that has packages of Debian in
# its sysroot or a Rust of its own. `lock` is the path of what the front end
# writes down of its `xbuild.lock` for one of them; only what stands in it
# decides what is made.
{ lock }: (import ./default.nix).project (builtins.fromJSON (builtins.readFile lock))
