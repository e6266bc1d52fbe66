//! `trustdir clients limit` and `unlimit`, and what `list` and `check` say of limits.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;

use serde_json::json;
use support::folder::Folder;

#[test]
fn limits_are_set_shown_and_taken_off() {
    let folder = Folder::with_authority();
    folder.run("issue client alice --ca pki --install clients").done();
    folder.run("issue client bob --ca pki --install clients").done();

    folder
        .run("clients limit clients alice --until 2099-12-31T00:00:00Z --service rpc --service admin")
        .done()
        .says("limited sha256 ")
        .says("(clients/")
        .says("until 2099-12-31T00:00:00Z to rpc, admin");
    // A client of services is admitted, by those; what passes is said.
    folder.run("clients list clients").done().says("ADMITTED until 2099-12-31T00:00:00Z to rpc, admin");
    folder.run("clients check clients").done().says("0 problems");
    folder.run("lint clients").done().says("0 refused, 0 warnings, 0 notes");
    folder.run("clients limit clients bob --until 1000000000").done();
    folder.run("clients check clients").code(1).says("was limited until 2001-09-09T01:46:40Z");

    let list = folder.run("--json clients list clients").done().json();
    let of =
        |name: &str| list["clients"].as_array().unwrap().iter().find(|c| c["common_name"] == name).unwrap().clone();
    assert_eq!(of("alice")["valid_until"], "2099-12-31T00:00:00Z");
    assert_eq!(of("alice")["services"], json!(["rpc", "admin"]));
    assert_eq!((&of("bob")["reason"], &of("bob")["services"]), (&json!("EXPIRED"), &json!(null)));

    let limit = folder.run("--json clients limit clients alice --service rpc").done().json();
    assert_eq!(limit["limit"]["of"], "sha256");
    assert_eq!(limit["limit"]["value"], of("alice")["fingerprint"]);
    assert_eq!(limit["limit"]["files"], json!([of("alice")["file"]]));
    assert_eq!((&limit["limit"]["valid_until"], &limit["limit"]["services"]), (&json!(null), &json!(["rpc"])));

    folder.run("clients unlimit clients bob").done().says("no longer limited until 2001-09-09T01:46:40Z: sha256 ");
    folder.run("clients unlimit clients bob").code(1).complains("no limit is for \"bob\"");
    let taken = folder.run("--json clients unlimit clients alice").done().json();
    assert_eq!(taken["unlimited"], json!([limit["limit"]]));
    assert_eq!(taken["warnings"], json!([]));
    folder.run("clients list clients").done().says("ADMITTED ").says("CN=bob");
}

#[test]
fn what_stays_and_what_fits_nobody_is_said() {
    let folder = Folder::with_authority();
    folder.run("issue client alice --ca pki --install clients").done();
    folder.run("clients limit clients alice --service rpc").done();
    let text = std::fs::read_to_string(folder.path().join("clients/trustdir.toml")).unwrap();
    let more = "[[limit]]\nsubject = \"CN=alice\"\nservices = []\n[[limit]]\nfile = \"no\\u0007body.pem\"\nservices = [\"rpc\"]\n";
    folder.write("clients/trustdir.toml", text + more);
    folder
        .run("clients check clients")
        .code(1)
        .says("is limited to no service")
        .says("file no\\u{7}body.pem fits no client");
    let list = folder.run("--json clients list clients").done().json();
    let fingerprint = list["clients"][0]["fingerprint"].as_str().unwrap().to_owned();
    let unlimit = folder.args(&["clients", "unlimit", "clients", &fingerprint[..12]]).done();
    unlimit.says("no longer limited to rpc: sha256 ");
    unlimit.complains("still limited to no service: subject CN=alice");

    folder.write("clients/trustdir.toml", "[[limit]]\nfile = \"alice.pem\"\n");
    // Everybody is refused now, which the operator sees, and can mend.
    folder.run("clients list clients").done().says("SCOPE").complains("`trustdir clients check clients` says why");
    folder.run("clients check clients").code(1).says("trustdir.toml: line 1: ");
    folder.run("clients unlimit clients alice").code(1).complains("trustdir.toml: line 1: ");
    folder.run("clients remove clients alice").done();
    folder.args(&["--json", "clients", "limit", "clients", "alice", "--until", "tomorrow"]).code(2);
    folder.args(&["clients", "limit", "clients", "alice"]).code(2);
}
