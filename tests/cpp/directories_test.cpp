// Directories: opened, filled, rehashed, checked; removals and open connections under Asio; authorities.
#include "wire.hpp"

#include <boost/asio/posix/stream_descriptor.hpp>

#include <atomic>
#include <fstream>
#include <iterator>

namespace fs = std::filesystem;
using trustdir::reason;

namespace {

void save(const std::string& path, std::string_view text) { std::ofstream(path) << text; }

}  // namespace

TEST(a_directory_is_opened_as_chosen) {
  const world w;
  const auto missing = w.dir / "others";
  CHECK(CHECK_THROWS(trustdir::error, trustdir::directory::open(missing, trustdir::directory_options())).status() ==
        trustdir::status::not_found);
  trustdir::directory_options options;
  options.create = true;
  CHECK_EQUAL(trustdir::directory::open(missing, options).path(), missing);
  save(missing + "/alice.pem", w.alice.certificate().pem());
  std::atomic<std::size_t> read{0};
  const auto opened = trustdir::directory::open(missing, {}, [&](std::size_t done, std::size_t total) {
    if (done == total) read = done;
  });
  CHECK_EQUAL(read.load(), 1u);
  CHECK_EQUAL(opened.list().size(), 1u);
  options.entry_names = trustdir::entry_names::subject_hash;
  options.watch = false;
  CHECK(trustdir::directory::open(missing, options).list().empty());
}

TEST(what_is_installed_is_told) {
  const world w;
  const auto& clients = *w.clients;
  const auto again = clients.install_certificate(w.alice.certificate());
  CHECK(!again.is_new() && !again.warning() && again.removed().empty());
  CHECK_EQUAL(again.certificate().fingerprint(), w.alice.certificate().fingerprint());

  trustdir::issue_options past;
  past.not_before = std::chrono::system_clock::from_time_t(1'700'000'000);
  past.not_after = std::chrono::system_clock::from_time_t(1'700'086'400);
  const auto bob = w.ca.issue_client("bob", past);
  save(w.dir / "bob.pem", bob.key_pem().text());
  CHECK(CHECK_THROWS(trustdir::error, clients.install_file(w.dir / "bob.pem")).status() == trustdir::status::parse);
  std::ofstream(w.dir / "bob.pem", std::ios::app) << bob.certificate().pem();
  const auto installed = clients.install_file(w.dir / "bob.pem");
  CHECK(installed.is_new() && fs::exists(installed.file()));
  CHECK_EQUAL(installed.warning().reason(), reason::expired);
  CHECK_EQUAL(installed.warning().entry(), installed.file());

  CHECK(clients.install_bytes(w.mallory.certificate().der()).is_new());
  const auto other = w.ca.issue_client("mallory the second");
  const auto replaced = clients.replace("mallory", other.certificate());
  CHECK(replaced.is_new());
  CHECK_EQUAL(replaced.removed().size(), 1u);
  CHECK_EQUAL(clients.decide(w.mallory.certificate()).reason(), reason::removed);
  CHECK_EQUAL(clients.decide(other.certificate()).reason(), reason::admitted);
}

TEST(a_rehash_is_planned_and_carried_out) {
  const world w;
  const auto& clients = *w.clients;
  save(w.dir / "clients/mallory.pem", w.mallory.certificate().pem());
  save(w.dir / "clients/broken.pem", "-----BEGIN CERTIFICATE-----\n");
  fs::create_symlink("nowhere", w.dir / "clients/0123abcd.0");
  auto plan = clients.plan_rehash();
  CHECK(!plan.is_unchanged() && plan.renamed().empty());
  CHECK_EQUAL(plan.linked().size(), 1u);
  const auto [link, target] = plan.linked()[0];
  CHECK_EQUAL(target, w.dir / "clients/mallory.pem");
  CHECK_EQUAL(plan.removed().size(), 1u);
  CHECK_EQUAL(plan.removed()[0], w.dir / "clients/0123abcd.0");
  CHECK_EQUAL(plan.left().size(), 1u);
  CHECK_EQUAL(plan.newly_admitted().size(), 1u);
  CHECK_EQUAL(plan.newly_admitted()[0].second.subject(), w.mallory.certificate().subject());
  CHECK(!fs::exists(link));
  plan.carry_out();
  CHECK(fs::exists(link));
  CHECK(CHECK_THROWS(trustdir::error, plan.carry_out()).status() == trustdir::status::invalid_argument);
  CHECK(clients.rehash().is_unchanged());

  const auto gap = std::string(link.substr(0, link.size() - 1)) + "3";
  fs::remove(link);
  fs::rename(w.dir / "clients/mallory.pem", gap);
  const auto rehashed = clients.rehash();
  CHECK_EQUAL(rehashed.renamed().size(), 1u);
  CHECK_EQUAL(rehashed.renamed()[0].first, gap);
  CHECK_EQUAL(rehashed.renamed()[0].second, link);
}

TEST(a_check_finds_what_is_wrong) {
  const world w;
  CHECK(w.clients->check().empty());
  save(w.dir / "clients/a.pem", "not a certificate");
  w.clients->install(w.ca.certificate());
  std::vector<std::string> kinds;
  for (const auto& notice : w.clients->check()) {
    kinds.emplace_back(notice.kind);
    CHECK(!notice.message.empty() && fs::exists(notice.file));
    CHECK_EQUAL(notice.is_problem, notice.kind != "AUTHORITY");
    CHECK_EQUAL(static_cast<bool>(notice.certificate), notice.kind != "FILE");
  }
  CHECK(kinds == (std::vector<std::string>{"FILE", "WRONG_PURPOSE", "AUTHORITY"}));
}

TEST(removals_wake_an_event_loop) {
  const world w;
  for (const auto what : {trustdir::on_removal::close, trustdir::on_removal::finish}) {
    const std::string file(w.clients->install(w.alice.certificate()).text());
    const auto acceptor = trustdir::acceptor_builder(w.server).directory(*w.clients).on_removal(what).build();
    auto context = client_context(w, &w.alice, TLS1_3_VERSION);
    wire l(acceptor, context);
    CHECK(!l.handshake().ec);
    l.echo("before");
    const auto open = acceptor.connections();
    CHECK_EQUAL(open.size(), 1u);
    for (const auto& connection : open) {
      CHECK_EQUAL(connection.id, l.loop().call([&] { return l.server().connection().id(); }));
      CHECK_EQUAL(connection.certificate.fingerprint(), w.alice.certificate().fingerprint());
      CHECK_EQUAL(connection.entry, file);
      CHECK(connection.since >= w.alice.certificate().not_before());
      CHECK(!connection.is_revoked);
    }

    auto removals = w.clients->removals();
    net::posix::stream_descriptor readable(l.loop().context, ::dup(removals.native_handle()));
    auto woken = l.loop().start([&](auto handler) { readable.async_wait(readable.wait_read, handler); });
    CHECK(woken.wait_for(std::chrono::seconds(0)) != std::future_status::ready);
    CHECK(!removals.next());
    w.unlink_alice();
    CHECK(!get(std::move(woken)).ec);
    const auto removal = removals.next();
    CHECK(removal.has_value());
    CHECK_EQUAL(removal->fingerprint, w.alice.certificate().fingerprint());
    CHECK_EQUAL(removal->file, file);
    CHECK(!removals.next() && !removals.missed());
    // Empty, it does not wake again.
    auto asleep = l.loop().start([&](auto handler) { readable.async_wait(readable.wait_read, handler); });
    l.loop().call([&] { readable.cancel(); });
    CHECK(get(std::move(asleep)).ec == net::error::operation_aborted);
    l.loop().call([&] { readable.close(); });

    CHECK(l.loop().call([&] { return l.server().connection().is_revoked(); }));
    if (what == trustdir::on_removal::finish) {
      l.echo("after");
      CHECK(acceptor.connections()[0].is_revoked);
    } else {
      char byte = 0;
      CHECK(get(l.start_read(net::buffer(&byte, 1))).ec == trustdir::status::revoked);
      CHECK(acceptor.connections().empty());
    }
  }
}

TEST(authorities_vouch_until_a_list_revokes) {
  const world w;
  const trustdir::certificate_view mallory = w.mallory.certificate();
  trustdir::authority_directory_options options;
  options.create = true;
  const auto authorities = trustdir::authority_directory::open(w.dir / "authorities", options);
  const auto decide = [&](const trustdir::authority_directory& directory) {
    return directory.decide({mallory.der()}).reason();
  };
  CHECK_EQUAL(decide(authorities), reason::untrusted_issuer);
  authorities.directory().install(w.ca.certificate());
  CHECK_EQUAL(decide(authorities.clone()), reason::admitted);

  const auto acceptor = trustdir::acceptor_builder(w.server).directory(*w.clients).authorities(authorities).build();
  CHECK_EQUAL(acceptor.decide({mallory.der()}).reason(), reason::admitted);
  CHECK_EQUAL(acceptor.decide({}).reason(), reason::no_certificate);
  auto context = client_context(w, &w.mallory, TLS1_3_VERSION);
  wire l(acceptor, context);
  CHECK(!l.handshake().ec);
  l.echo("vouched for");
  char byte = 0;
  auto idle = l.start_read(net::buffer(&byte, 1));

  w.ca.revoke(mallory);
  std::ifstream made{std::string(w.ca.crl(30).text())};
  const std::string list(std::istreambuf_iterator<char>(made), {});
  const std::string file(authorities.install_crl(trustdir::bytes_view(list)).text());
  CHECK(get(std::move(idle)).ec == trustdir::status::revoked);
  CHECK_EQUAL(decide(authorities), reason::revoked_by_crl);
  const auto crls = authorities.crls();
  CHECK_EQUAL(crls.size(), 1u);
  for (const auto& crl : crls) {
    CHECK_EQUAL(crl.file, file);
    CHECK_EQUAL(crl.issuer, w.ca.certificate().subject());
    CHECK(crl.this_update < crl.next_update);
    CHECK(!crl.number.empty());
    CHECK_EQUAL(crl.revoked, 1u);
  }
  CHECK(CHECK_THROWS(trustdir::error, authorities.install_crl({})).status() == trustdir::status::parse);

  CHECK_EQUAL(authorities.list().problem_count(), 0u);
  save(file, "-----BEGIN X509 CRL-----\n");
  authorities.refresh();
  CHECK_EQUAL(authorities.list().size(), 1u);
  CHECK_EQUAL(authorities.list().problem_count(), 1u);
  CHECK(decide(authorities) != reason::admitted);

  options.stale_crls = trustdir::stale_crls::admit;
  options.entry_names = trustdir::entry_names::subject_hash;
  options.watch = false;
  CHECK_EQUAL(trustdir::authority_directory::open(w.dir / "authorities", options).list().size(), 1u);
}

int main(int argc, char** argv) { return check::run(argc, argv); }
