//! A working copy with templates of its own, and a local cloud to apply them to.

use std::path::Path;

use local_cloud::{LocalCloud, Options};
use spokectl::cloud::Cloud;
use spokectl::context::{Context, Interrupt};
use spokectl::repository::Repository;
use spokectl::stage;
use spokectl::ui::{Output, Ui};
use tempfile::TempDir;

pub(crate) struct Setting {
    pub(crate) ctx: Context,
    folder: TempDir,
    cloud: LocalCloud,
}

impl Setting {
    /// Stage `local` over a cloud that is only this test's, as fast as it goes.
    pub(crate) async fn new() -> Self {
        Self::at(1000.0, 1.0).await
    }

    /// The same at a speed of its own, with databases whose processors are a share of real ones.
    pub(crate) async fn at(speed: f64, processor_share: f64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for below in ["templates/partials", "stages", ".spoke"] {
            std::fs::create_dir_all(root.join(below)).unwrap();
        }
        for partial in [
            "alarm", "allow", "bucket", "function", "group", "notices", "queue", "scaler",
        ] {
            let path = root.join(format!("templates/partials/{partial}.yaml.hbs"));
            std::fs::write(path, "").unwrap();
        }
        for kind in ["network", "data", "edge", "app"] {
            std::fs::write(root.join(format!("templates/{kind}.yaml.hbs")), "").unwrap();
        }
        std::fs::write(
            root.join("stages/local.toml"),
            include_str!("../../../stages/local.toml"),
        )
        .unwrap();
        let cloud = LocalCloud::start(Options {
            speed,
            processor_share,
            ..Options::new(root.join("cloud"))
        })
        .await
        .unwrap();
        std::fs::write(
            root.join(".spoke/cloud.json"),
            serde_json::json!({
                "endpoint": cloud.endpoint(),
                "access_key_id": "local",
                "secret_access_key": "local",
            })
            .to_string(),
        )
        .unwrap();
        let repository = Repository::find(root).unwrap();
        let stage = stage::load(&repository, "local").unwrap();
        let ctx = Context {
            ui: Ui::new(Output::Text),
            cloud: Cloud::connect(&repository, &stage).await.unwrap(),
            repository,
            stage,
            interrupted: Interrupt::default(),
        };
        Self { ctx, folder, cloud }
    }

    /// Puts a template in place.
    pub(crate) fn template(&self, kind: &str, text: &str) {
        let path = self
            .folder
            .path()
            .join(format!("templates/{kind}.yaml.hbs"));
        std::fs::write(path, text).unwrap();
    }

    /// The templates of this repository, in the place of empty ones.
    pub(crate) fn real_templates(&self) {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../templates");
        for below in ["", "partials"] {
            for entry in std::fs::read_dir(from.join(below)).unwrap() {
                let path = entry.unwrap().path();
                if path.is_file() {
                    let to = self.root().join("templates").join(below);
                    std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
                }
            }
        }
    }

    /// Where the cloud is.
    pub(crate) fn endpoint(&self) -> String {
        self.cloud.endpoint()
    }

    /// Puts a fault of the cloud in force.
    pub(crate) fn fault(&self, fault: serde_json::Value) {
        let fault = serde_json::from_value(fault).unwrap();
        self.cloud.cloud().faults.add(fault);
    }

    /// Ends all faults.
    pub(crate) fn no_faults(&self) {
        self.cloud.cloud().faults.clear();
    }

    pub(crate) fn root(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) async fn end(self) {
        self.cloud.stop().await.unwrap();
    }
}
