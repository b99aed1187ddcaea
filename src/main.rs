//! The `hetl` executable.

/// A project has tens of thousands of nodes with dozens of small texts each: allocating them is much of a parse.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    hetl::run(std::env::args_os())
}
