//! The `hetl` executable.

fn main() -> std::process::ExitCode {
    hetl::run(std::env::args_os())
}
