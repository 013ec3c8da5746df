fn main() {
    xbuild::sandbox::maybe_launch();
}
