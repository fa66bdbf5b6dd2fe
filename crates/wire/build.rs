//! Generates the gRPC code of every edge. protox compiles the files itself, so no `protoc` is needed.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let files = ["reader", "planner", "control", "operator", "supervisor", "webhooks", "zones"]
        .map(|edge| format!("moltbot/v1/{edge}.proto"));
    let descriptors = protox::compile(&files, ["../../proto"])?;
    tonic_prost_build::configure().compile_fds(descriptors)?;
    println!("cargo::rerun-if-changed=../../proto");
    Ok(())
}
