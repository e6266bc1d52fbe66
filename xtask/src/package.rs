//! The installed package as others meet it: staged, moved, found by CMake and pkg-config, built as a part of another
//! project, and as Debian packages. Nothing is linked from the build tree.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::artifacts;
use crate::context::Context;
use crate::counts::Counts;
use crate::process;
use crate::suites::Outcome;

const LIMIT: Duration = Duration::from_secs(600);

/// What a program may need at run time beside trustdir itself: what every program of the machine has. The C library is
/// several files.
const ALLOWED: [&str; 5] = ["libtrustdir.so.0.1", "libc.so.6", "libm.so.6", "ld-linux-", "libgcc_s.so.1"];

/// Where the steps work.
struct Tree<'a> {
    context: &'a Context,
    /// The build of the library.
    build: PathBuf,
    /// Everything that is made.
    out: PathBuf,
}

/// The suite.
pub(crate) fn suite(context: &Context) -> Result<Outcome, String> {
    let workspace = &context.workspace;
    let tree =
        Tree { context, build: workspace.target.join("cmake/package"), out: workspace.target.join("package-tests") };
    let _ = fs::remove_dir_all(&tree.out);
    fs::create_dir_all(&tree.out).map_err(|e| format!("{}: {e}", tree.out.display()))?;
    // As Debian's own packages are: the prefix decides where the libraries go.
    let options = ["-DCMAKE_INSTALL_PREFIX=/usr".into(), "-DCMAKE_BUILD_TYPE=Debug".into()];
    artifacts::configure_and_build(context, &workspace.root, &tree.build, &options)?;
    let (mut counts, mut log) = (Counts::default(), String::new());
    for (name, step) in Tree::steps() {
        let outcome = step(&tree);
        counts += Counts::one(outcome.is_ok());
        log.push_str(&format!("{name}: {}\n", outcome.err().unwrap_or_else(|| "ok".into())));
    }
    Ok(Outcome::Ran { counts, log })
}

/// A promise, and how it is tried.
type Step<'a> = (&'static str, fn(&Tree<'a>) -> Result<(), String>);

impl<'a> Tree<'a> {
    /// In this order: each may use what those before it have made.
    fn steps() -> [Step<'a>; 7] {
        [
            ("DESTDIR takes everything", Self::stage),
            ("a tree that was moved is found by CMake", Self::found),
            ("another version is not", Self::other_version),
            ("pkg-config knows both libraries", Self::pkg_config),
            ("it is a part of another project", Self::subdirectory),
            ("Debian packages unpack to what links", Self::debian),
            ("programs need nothing that is not there", Self::needs),
        ]
    }

    fn stage(&self) -> Result<(), String> {
        let stage = self.out.join("stage");
        let mut install = artifacts::cmake(self.context)?;
        install.arg("--install").arg(&self.build).env("DESTDIR", &stage);
        self.run(install)?;
        let found: Vec<_> = names(&stage)?;
        expect(found == ["usr"], || format!("DESTDIR has {found:?}"))?;
        fs::rename(stage.join("usr"), self.moved()).map_err(|e| format!("{}: {e}", stage.display()))
    }

    /// Another place than the one that it was installed to.
    fn moved(&self) -> PathBuf {
        self.out.join("moved")
    }

    fn found(&self) -> Result<(), String> {
        let start = Instant::now();
        let build = self.consumer("found", &self.moved(), &["shared", "static"])?;
        let seconds = start.elapsed().as_secs_f32();
        self.build_and_run(&build, &["asio"])?;
        let header = fs::read_to_string(self.moved().join("include/trustdir.h")).map_err(|e| e.to_string())?;
        let symbols = self.command("nm", &["-D", "--defined-only"], &[&one_library(&self.moved())?])?;
        println!(
            "package: trustdir.h has {} bytes in {} lines, the library {} symbols; a consumer in C builds in {seconds:.1} s",
            header.len(),
            header.lines().count(),
            symbols.lines().count(),
        );
        Ok(())
    }

    fn other_version(&self) -> Result<(), String> {
        let mut configure = self.configure("other")?;
        configure.arg(prefix_path(&self.moved())).arg("-DTRUSTDIR_WANTED=0.2");
        let outcome = process::capture(configure, LIMIT)?;
        expect(!outcome.success() && outcome.text.contains("requested version \"0.2\""), || outcome.text)
    }

    fn pkg_config(&self) -> Result<(), String> {
        let library = one_library(&self.moved())?;
        let libraries = library.parent().ok_or("the library lies nowhere")?;
        for (kind, ask, instead) in
            [("shared", &["--libs"][..], "-ltrustdir"), ("static", &["--static", "--libs"], "-l:libtrustdir.a")]
        {
            let mut pkg_config = self.context.workspace.command("pkg-config");
            pkg_config.args(["--cflags"]).args(ask).arg("trustdir").env("PKG_CONFIG_PATH", libraries.join("pkgconfig"));
            let flags = self.run(pkg_config)?.replace("-ltrustdir", instead);
            let program = self.out.join(format!("pkg-config-{kind}"));
            let mut gcc = self.context.workspace.command("gcc");
            gcc.arg(self.source().join("consumer.c")).arg("-o").arg(&program).args(flags.split_whitespace());
            self.run(gcc)?;
            let mut run = self.context.workspace.command(&program);
            run.env("LD_LIBRARY_PATH", if kind == "shared" { libraries } else { Path::new("") });
            self.run(run)?;
        }
        Ok(())
    }

    fn subdirectory(&self) -> Result<(), String> {
        let mut configure = self.configure("part")?;
        configure.arg(format!("-DTRUSTDIR_SOURCE={}", self.context.workspace.root.display()));
        self.run(configure)?;
        self.build_and_run(&self.out.join("part"), &["shared", "static", "asio"])?;
        // It installs nothing of trustdir's unless it says so.
        let mut install = artifacts::cmake(self.context)?;
        install.arg("--install").arg(self.out.join("part")).env("DESTDIR", self.out.join("part-stage"));
        self.run(install)?;
        expect(!self.out.join("part-stage").exists(), || "a host project installs trustdir unasked".into())
    }

    fn debian(&self) -> Result<(), String> {
        let mut cpack = artifacts::tool(self.context, "cpack")?;
        cpack.args(["-G", "DEB", "-D", "CPACK_DEBIAN_COMPRESSION_TYPE=zstd", "--config"]);
        cpack.arg(self.build.join("CPackConfig.cmake")).arg("-B").arg(self.out.join("deb"));
        self.run(cpack)?;
        let root = self.out.join("root");
        let packages: Vec<_> =
            names(&self.out.join("deb"))?.into_iter().filter(|name| name.ends_with(".deb")).collect();
        expect(packages.len() == 2, || format!("the packages are {packages:?}"))?;
        for package in packages.iter().map(|name| self.out.join("deb").join(name)) {
            self.command("dpkg-deb", &["-x"], &[&package, &root])?;
            let name = self.command("dpkg-deb", &["-f"], &[&package, Path::new("Package")])?;
            for file in ["copyright", "LICENSE-APACHE", "LICENSE-MIT"] {
                let license = root.join("usr/share/doc").join(name.trim()).join(file);
                expect(license.exists(), || format!("{} is not packed", license.display()))?;
            }
            // The libraries need one package to run and both to be linked.
            let field = self.command("dpkg-deb", &["-f"], &[&package, Path::new("Depends")])?;
            expect(field.contains("libc6") || field.contains("libtrustdir0.1 (= "), || {
                format!("it depends on {field}")
            })?;
        }
        self.consumer("debian", &root.join("usr"), &["shared", "static"]).map(drop)
    }

    fn needs(&self) -> Result<(), String> {
        let programs = ["shared", "static"].map(|name| self.out.join("found").join(name));
        for file in programs.into_iter().chain([one_library(&self.moved())?]) {
            let text = self.command("readelf", &["-d"], &[&file])?;
            let needed =
                text.lines().filter(|line| line.contains("(NEEDED)")).filter_map(|line| line.split('[').nth(1));
            for library in needed {
                let known = ALLOWED.iter().any(|allowed| library.starts_with(allowed));
                expect(known, || format!("{} needs {library}", file.display()))?;
            }
        }
        Ok(())
    }

    /// Configures the consumer against an installed tree, builds some of its programs and runs them.
    fn consumer(&self, name: &str, prefix: &Path, programs: &[&str]) -> Result<PathBuf, String> {
        let mut configure = self.configure(name)?;
        configure.arg(prefix_path(prefix)).arg("-DTRUSTDIR_WANTED=0.1");
        self.run(configure)?;
        let build = self.out.join(name);
        self.build_and_run(&build, programs)?;
        Ok(build)
    }

    fn build_and_run(&self, build: &Path, programs: &[&str]) -> Result<(), String> {
        let mut cmake = artifacts::cmake(self.context)?;
        cmake.arg("--build").arg(build).arg("--target").args(programs);
        self.run(cmake)?;
        for program in programs {
            let text = self.run(self.context.workspace.command(build.join(program)))?;
            expect(text.ends_with(" P-256\n"), || format!("{program} says {text}"))?;
        }
        Ok(())
    }

    fn configure(&self, name: &str) -> Result<Command, String> {
        let ninja = artifacts::tool(self.context, "ninja")?.get_program().to_string_lossy().into_owned();
        let mut configure = artifacts::cmake(self.context)?;
        configure.arg("-S").arg(self.source()).arg("-B").arg(self.out.join(name)).args(["-G", "Ninja"]);
        configure.args([&format!("-DCMAKE_MAKE_PROGRAM={ninja}"), "-DCMAKE_BUILD_TYPE=Debug"]);
        Ok(configure)
    }

    fn source(&self) -> PathBuf {
        self.context.workspace.root.join("tests/package")
    }

    fn command(&self, program: &str, arguments: &[&str], files: &[&Path]) -> Result<String, String> {
        let mut command = self.context.workspace.command(program);
        command.args(arguments).args(files);
        self.run(command)
    }

    fn run(&self, command: Command) -> Result<String, String> {
        let what = process::describe(&command);
        process::capture(command, LIMIT)?.ok(&what)
    }
}

fn expect(good: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if good { Ok(()) } else { Err(otherwise()) }
}

fn prefix_path(prefix: &Path) -> String {
    format!("-DCMAKE_PREFIX_PATH={}", prefix.display())
}

/// The shared library, wherever below `lib` it was put.
fn one_library(prefix: &Path) -> Result<PathBuf, String> {
    let lib = prefix.join("lib");
    let places = names(&lib)?.into_iter().map(|name| lib.join(name)).chain([lib.clone()]);
    let mut found = places.map(|place| place.join("libtrustdir.so.0.1")).filter(|path| path.exists());
    found.next().ok_or_else(|| format!("{}: there is no library", lib.display()))
}

fn names(dir: &Path) -> Result<Vec<String>, String> {
    let entries = fs::read_dir(dir).map_err(|e| format!("{}: {e}", dir.display()))?;
    let mut names: Vec<_> = entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    Ok(names)
}
