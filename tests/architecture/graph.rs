//! What links what, by normal dependencies.

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId};
use std::collections::BTreeSet;
use std::path::Path;

/// The resolved dependencies of the workspace, on all platforms and with all features that are used.
pub(crate) struct Graph(Metadata);

// === impl Graph ===

impl Graph {
    pub(crate) fn read() -> Self {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
        let mut command = MetadataCommand::new();
        Self(
            command
                .manifest_path(manifest)
                .other_options(["--locked".to_owned()])
                .exec()
                .expect("cargo metadata"),
        )
    }

    /// The packages of the workspace, by name.
    pub(crate) fn members(&self) -> Vec<&str> {
        let mut members: Vec<_> =
            self.0.workspace_packages().into_iter().map(|package| package.name.as_str()).collect();
        members.sort_unstable();
        members
    }

    /// The names of everything that a package of the workspace links, itself not included.
    pub(crate) fn links(&self, package: &str) -> BTreeSet<&str> {
        let members = self.0.workspace_packages();
        let start = members.into_iter().find(|member| member.name.as_str() == package);
        let mut waiting = vec![&start.expect("a package of the workspace").id];
        let mut seen = BTreeSet::new();
        while let Some(id) = waiting.pop() {
            for linked in self.direct(id) {
                if seen.insert(linked) {
                    waiting.push(linked);
                }
            }
        }
        seen.into_iter().map(|id| self.0[id].name.as_str()).collect()
    }

    /// The versions of a package that are linked into anything of ours.
    pub(crate) fn versions(&self, name: &str) -> BTreeSet<String> {
        let packages = self.0.packages.iter().filter(|package| package.name.as_str() == name);
        packages.map(|package| package.version.to_string()).collect()
    }

    /// Every package that is not ours, with its licence.
    pub(crate) fn licences(&self) -> Vec<(String, Option<String>)> {
        let foreign = self.0.packages.iter().filter(|package| package.source.is_some());
        foreign.map(|package| (package.name.to_string(), package.license.clone())).collect()
    }

    fn direct(&self, id: &PackageId) -> Vec<&PackageId> {
        let nodes = &self.0.resolve.as_ref().expect("a resolved graph").nodes;
        let node = nodes.iter().find(|node| node.id == *id).expect("every package is resolved");
        let normal = |kinds: &[cargo_metadata::DepKindInfo]| {
            kinds.iter().any(|kind| kind.kind == DependencyKind::Normal)
        };
        node.deps
            .iter()
            .filter(|dependency| normal(&dependency.dep_kinds))
            .map(|dependency| &dependency.pkg)
            .collect()
    }
}
