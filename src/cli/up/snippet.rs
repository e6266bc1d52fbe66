//! Configurations that are written beside the service's own, for the operator to take in.

use std::path::Path;

use crate::SubjectAltName;
use crate::error::{Error, ErrorKind, Result};
use crate::file;

use super::server::bare;
use super::service::Name;
use super::site::Site;

/// A template, the name of the file that it fills, and what to do with that, a line each.
pub(super) struct Snippet {
    pub(super) file: &'static str,
    template: &'static str,
    next: &'static str,
}

const NGINX: Snippet = Snippet {
    file: "nginx.conf",
    template: include_str!("templates/nginx.conf"),
    next: "sudo ln -s '@FILE@' /etc/nginx/conf.d/trustdir.conf && sudo nginx -t && sudo systemctl reload nginx",
};

const ROCKETCHAT: Snippet = Snippet {
    next: "sudo ln -s '@FILE@' /etc/nginx/conf.d/trustdir.conf && sudo nginx -t && sudo systemctl reload nginx
set ROOT_URL=https://@NAME@ and HTTP_FORWARDED_COUNT=1 in Rocket.Chat's environment and restart it
another proxy instead of nginx: the same with --for apache, caddy, haproxy or traefik",
    ..NGINX
};

const APACHE: Snippet = Snippet {
    file: "apache.conf",
    template: include_str!("templates/apache.conf"),
    next: "sudo a2enmod ssl proxy proxy_http proxy_wstunnel headers rewrite
sudo ln -s '@FILE@' /etc/apache2/sites-enabled/trustdir.conf && sudo apachectl configtest && sudo systemctl reload apache2",
};

const CADDY: Snippet = Snippet {
    file: "Caddyfile",
    template: include_str!("templates/Caddyfile"),
    next: "caddy validate --adapter caddyfile --config '@FILE@'
add `import \"@FILE@\"` to /etc/caddy/Caddyfile, let the user caddy read '@KEY@', and: sudo systemctl reload caddy",
};

const HAPROXY: Snippet = Snippet {
    file: "haproxy.cfg",
    template: include_str!("templates/haproxy.cfg"),
    next: "haproxy -c -f '@FILE@'
add `-f '@FILE@'` to EXTRAOPTS in /etc/default/haproxy, and: sudo systemctl restart haproxy",
};

const TRAEFIK: Snippet = Snippet {
    file: "traefik.yaml",
    template: include_str!("templates/traefik.yaml"),
    next: "start traefik with --providers.file.filename='@FILE@' --entrypoints.websecure.address=:443 --entrypoints.web.address=:80 \
           --entrypoints.web.http.redirections.entrypoint.to=websecure",
};

const HOME_ASSISTANT: Snippet = Snippet {
    file: "home-assistant.yaml",
    template: include_str!("templates/home-assistant.yaml"),
    next: "put what '@FILE@' has under `http:` in configuration.yaml, and restart Home Assistant",
};

const MOSQUITTO: Snippet = Snippet {
    file: "mosquitto.conf",
    template: include_str!("templates/mosquitto.conf"),
    next: "sudo chown mosquitto '@KEY@'
sudo ln -s '@FILE@' /etc/mosquitto/conf.d/trustdir.conf && sudo systemctl restart mosquitto",
};

const POSTGRESQL: Snippet = Snippet {
    file: "postgresql.conf",
    template: include_str!("templates/postgresql.conf"),
    next: "sudo chown postgres '@KEY@'
add `include '@FILE@'` to postgresql.conf, and: sudo systemctl reload postgresql
@public@in pg_hba.conf let nobody in without TLS: hostssl all all all scram-sha-256
@mutual@in pg_hba.conf let in whom the certificate names: hostssl all all all cert",
};

/// How the first line begins of what was written here. The options follow, for the next time.
const WRITTEN: &str = "# Written by `trustdir up`: ";

/// The options that a snippet was written with.
#[derive(Default)]
pub(super) struct Before {
    pub(super) names: Vec<SubjectAltName>,
    pub(super) upstream: Option<String>,
    pub(super) mutual: bool,
}

impl Before {
    /// Of the file at this path, if there is one. What somebody else has written is not replaced.
    pub(super) fn read(path: &Path) -> Result<Self> {
        if !path.exists() {
            return Ok(Self::default());
        }
        let text = String::from_utf8_lossy(&file::read(path)?).into_owned();
        let Some(options) = text.lines().next().and_then(|line| line.strip_prefix(WRITTEN)) else {
            let message = "this was not written by `trustdir up` and is not replaced; choose another directory";
            return Err(Error::new(ErrorKind::AlreadyExists, message).at(path));
        };
        let mut before = Self::default();
        let mut words = options.split_whitespace();
        while let Some(word) = words.next() {
            match word {
                "--name" => before.names.extend(words.next().and_then(|name| name.parse().ok())),
                "--upstream" => before.upstream = words.next().map(str::to_owned),
                "--mutual-tls" => before.mutual = true,
                _ => {}
            }
        }
        Ok(before)
    }

    fn line(site: &Site) -> String {
        let names: String = site.names.iter().map(|name| format!("--name {} ", bare(name))).collect();
        let mutual = if site.mutual { " --mutual-tls" } else { "" };
        format!("{WRITTEN}{names}--upstream {}{mutual}\n", site.upstream)
    }
}

impl Snippet {
    pub(super) fn of(name: Name) -> &'static Self {
        match name {
            Name::Rocketchat => &ROCKETCHAT,
            Name::Apache => &APACHE,
            Name::Caddy => &CADDY,
            Name::Haproxy => &HAPROXY,
            Name::Traefik => &TRAEFIK,
            Name::HomeAssistant => &HOME_ASSISTANT,
            Name::Mosquitto => &MOSQUITTO,
            Name::Postgresql => &POSTGRESQL,
            Name::Nginx | Name::Pimatic | Name::Nano => &NGINX,
        }
    }

    pub(super) fn fill(&self, site: &Site) -> Result<String> {
        Ok(Before::line(site) + &site.fill(self.template)?)
    }

    pub(super) fn next(&self, site: &Site) -> Vec<String> {
        site.fill(self.next).map(|text| text.lines().map(str::to_owned).collect()).unwrap_or_default()
    }
}
