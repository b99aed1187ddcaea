use hetl::{adapters, config, diagnostics::*, events, parser};
use std::sync::Arc;
struct R;
impl events::Reporter for R {
    fn report(&self, _: &events::Event) {}
}
fn main() {
    let t0 = std::time::Instant::now();
    let sources = Arc::new(SourceMap::new());
    let inv = config::Invocation::from_process("parse", Default::default());
    let loaded = config::load(inv, &Default::default(), &sources);
    for d in loaded.diagnostics.iter() {
        println!("{}", render::text(d, &sources));
    }
    let Some(config) = loaded.config else { return };
    let adapter = {
        let mut c = config.profile.credentials.clone();
        c.insert("type".into(), config.profile.adapter_type.clone().into());
        adapters::registry::open(
            &c,
            &adapters::Surroundings { project_root: config.project.root.clone(), extension_folders: vec![] },
        )
        .unwrap()
    };
    eprintln!("loaded {:?}", t0.elapsed());
    let parsed = parser::parse(parser::ParseParts { config, adapter, reporter: Arc::new(R), sources: sources.clone() });
    eprintln!("parsed {:?}", t0.elapsed());
    for d in parsed.diagnostics.iter() {
        println!("{}", render::text(d, &sources));
    }
    println!(
        "nodes {} sources {} macros {} exposures {} unit {} disabled {}",
        parsed.manifest.nodes.len(),
        parsed.manifest.sources.len(),
        parsed.manifest.macros.len(),
        parsed.manifest.exposures.len(),
        parsed.manifest.unit_tests.len(),
        parsed.manifest.disabled.len()
    );
    eprintln!("done {:?}", t0.elapsed());
}
