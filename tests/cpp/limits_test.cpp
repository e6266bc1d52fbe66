// Limits of entries, the reasons of decisions, and what their records say of hostile certificates.
#include "check.hpp"
#include "world.hpp"

#include <cstdlib>
#include <fstream>
#include <set>

namespace fs = std::filesystem;
using trustdir::reason;

namespace {

void run(const std::string& directory, const std::string& command) {
  CHECK_EQUAL(std::system(("cd '" + directory + "' && { " + command + "; } >/dev/null 2>&1").c_str()), 0);
}

constexpr std::chrono::seconds second(1);

}  // namespace

TEST(a_limit_takes_and_gives) {
  const world w;
  const auto& clients = *w.clients;
  const trustdir::certificate_view alice = w.alice.certificate();
  const auto now = alice.not_before();
  const auto decide = [&](const char* service, auto when) { return clients.decide_for(service, alice, when).reason(); };
  CHECK(clients.limits().empty());

  clients.limit("alice", now + 60 * second, {"rpc", "admin"});
  CHECK_EQUAL(decide("rpc", now + 60 * second), reason::admitted);
  CHECK_EQUAL(decide("rpc", now + 61 * second), reason::expired);
  CHECK_EQUAL(decide("backup", now), reason::scope);
  CHECK_EQUAL(clients.decide(alice, now).reason(), reason::scope);
  const auto listed = clients.limits();
  CHECK_EQUAL(listed.size(), 1u);
  for (const auto& limit : listed) {
    CHECK_EQUAL(limit.key, "sha256");
    CHECK_EQUAL(limit.value, alice.fingerprint());
    CHECK(limit.valid_until == now + 60 * second);
    CHECK(limit.services == (std::vector<std::string_view>{"rpc", "admin"}));
    CHECK_EQUAL(limit.files.size(), 1u);
    CHECK(fs::exists(limit.files[0]));
  }

  clients.limit("alice", std::nullopt, {"rpc"});
  CHECK(!clients.limits()[0].valid_until);
  clients.limit("alice", now);
  CHECK(!clients.limits()[0].services);
  CHECK_EQUAL(clients.decide(alice, now).reason(), reason::admitted);
  const auto nothing = CHECK_THROWS(trustdir::error, clients.limit("alice", std::nullopt));
  CHECK(nothing.status() == trustdir::status::invalid_argument);
  const auto nobody = CHECK_THROWS(trustdir::error, clients.limit("nobody", now));
  CHECK(nobody.status() == trustdir::status::not_found);
  CHECK_EQUAL(clients.unlimit("alice"), 1u);
  CHECK(CHECK_THROWS(trustdir::error, clients.unlimit("alice")).status() == trustdir::status::not_found);

  // Until it is repaired, nobody is admitted.
  std::ofstream(w.dir / "clients/trustdir.toml") << "[[limit]]\n";
  CHECK_EQUAL(decide("rpc", now), reason::scope);
  CHECK(CHECK_THROWS(trustdir::error, clients.limits()).status() == trustdir::status::parse);
  CHECK(CHECK_THROWS(trustdir::error, trustdir::directory::open(w.dir / "clients")).path() ==
        w.dir / "clients/trustdir.toml");
  std::ofstream(w.dir / "clients/trustdir.toml") << "[[limit]]\nfile = \"x.pem\"\nservices = []\n";
  CHECK_EQUAL(decide("rpc", now), reason::admitted);
  CHECK(clients.limits()[0].services && clients.limits()[0].services->empty());
  CHECK(clients.limits()[0].files.empty());
}

TEST(an_acceptor_has_a_service) {
  const world w;
  trustdir::acceptor_builder builder(w.server);
  CHECK(builder.directory(*w.clients).service("rpc").build());
}

TEST(each_reason_of_a_directory) {
  const world w;
  const auto& clients = *w.clients;
  const auto days = " -days 9 -nodes -subj ";
  run(w.dir / "", std::string("openssl req -x509 -newkey rsa:2048 -keyout minter.key -out minter.pem") + days + "/CN=minter");
  run(w.dir / "", "openssl req -newkey rsa:2048 -nodes -keyout minted.key -out minted.csr -subj /CN=minted");
  run(w.dir / "", "openssl x509 -req -in minted.csr -CA minter.pem -CAkey minter.key -set_serial 1 -out minted.pem");
  run(w.dir / "", std::string("openssl req -x509 -newkey rsa:1024 -keyout weak.key -out weak.pem") + days + "/CN=weak");
  const auto minter = trustdir::certificate::load(w.dir / "minter.pem");
  const auto minted = trustdir::certificate::load(w.dir / "minted.pem");
  const auto weak = trustdir::certificate::load(w.dir / "weak.pem");
  const auto alice = w.alice.certificate();
  for (const trustdir::certificate_view one : {trustdir::certificate_view(minter), trustdir::certificate_view(weak), w.server.certificate()}) {
    clients.install(one);
  }
  const auto bob = w.ca.issue_client("bob");
  clients.install(bob.certificate());
  clients.remove("bob");

  std::set<reason> seen;
  const auto expect = [&](const trustdir::decision& decision, reason wanted) {
    CHECK_EQUAL(decision.reason(), wanted);
    const std::string begin = "{\"reason\":\"" + std::string(to_string(wanted)) + "\",\"admitted\":" +
                              (decision.is_admitted() ? "true" : "false");
    CHECK_EQUAL(decision.json().substr(0, begin.size()), begin);
    seen.insert(wanted);
  };
  expect(clients.decide(alice), reason::admitted);
  expect(clients.decide(w.mallory.certificate()), reason::not_installed);
  expect(clients.decide(bob.certificate()), reason::removed);
  expect(clients.decide(minted), reason::minted_by_pin);
  expect(clients.decide(w.ca.issue_client("alice").certificate()), reason::same_name_other_key);
  expect(clients.decide(trustdir::bytes_view("garbage")), reason::malformed);
  expect(clients.decide(alice, alice.not_after() + second), reason::expired);
  expect(clients.decide(alice, alice.not_before() - second), reason::not_yet_valid);
  expect(clients.decide(w.server.certificate()), reason::wrong_purpose);
  expect(clients.decide(weak), reason::weak_key);
  clients.limit("alice", std::nullopt, {"rpc"});
  expect(clients.decide_for("admin", alice), reason::scope);
  CHECK_EQUAL(seen.size(), 11u);
  CHECK_EQUAL(to_string(reason::untrusted_issuer), "UNTRUSTED_ISSUER");
  CHECK_EQUAL(to_string(reason::revoked_by_crl), "REVOKED_BY_CRL");
  CHECK_EQUAL(to_string(reason::stale_crl), "STALE_CRL");

  const auto when = alice.not_before();
  const auto decision = clients.decide_for("rpc", alice, when);
  CHECK(decision.time() == when);
  CHECK_EQUAL(decision.service(), "rpc");
  CHECK_EQUAL(decision.issuer(), alice.issuer());
  CHECK_EQUAL(decision.serial(), alice.serial());
  CHECK(decision.json().find("\"service\":\"rpc\"}") != std::string_view::npos);
  CHECK(clients.decide(alice, when).service().empty());
}

TEST(hostile_names_disturb_no_log) {
  const world w;
  fs::create_directory(w.dir / "hostile");
  const auto script = fs::absolute(__FILE__).parent_path().parent_path() / "support/hostile.py";
  run(w.dir / "", "python3 '" + script.string() + "' hostile");
  const auto harmless = [](std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      const auto byte = static_cast<unsigned char>(text[i]);
      const auto next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0;
      if (byte < 0x20 || byte == 0x7f || (byte == 0xc2 && next < 0xa0)) return false;
    }
    for (const auto* mark : {"\u202e", "\u2066", "\u200d", "\u2028", "\U000e0041"}) {
      if (text.find(mark) != std::string_view::npos) return false;
    }
    return true;
  };
  int seen = 0;
  for (const auto& file : fs::directory_iterator(w.dir / "hostile")) {
    const auto certificate = trustdir::certificate::load(file.path().string());
    for (const bool installed : {false, true}) {
      if (installed) fs::copy(file.path(), w.dir / "clients");
      w.clients->refresh();
      const auto decision = w.clients->decide(certificate);
      CHECK_EQUAL(decision.is_admitted(), installed);
      for (const auto text : {decision.message(), decision.subject(), decision.issuer(), decision.serial(), decision.json()}) {
        CHECK(harmless(text));
        CHECK(text.size() < 8192);
      }
    }
    ++seen;
  }
  CHECK_EQUAL(seen, 10);
}

int main(int argc, char** argv) { return check::run(argc, argv); }
