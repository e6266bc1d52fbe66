//! The numbers of several acceptors and connectors as one page.

use std::ffi::c_char;

use trustdir_core::tls;

use crate::Result;
use crate::buffer::Buffer;
use crate::counters::Counters;
use crate::error::Error;
use crate::guard::{guard, guard_or};
use crate::handle;
use crate::status::Status;
use crate::text;

/// A page for Prometheus about several services of one process, each with labels that no other has: the format has the
/// numbers of one name stand together, so pages cannot be put one behind another. Yours: free it with
/// trustdir_prometheus_page_free. One thread at a time.
#[derive(Default)]
pub struct PrometheusPage {
    services: Vec<Service>,
}

const _: () = handle::one_thread_at_a_time::<PrometheusPage>();

impl PrometheusPage {
    fn text(&self) -> Result<String> {
        let labels: Vec<_> = self.services.iter().map(Service::labels).collect();
        let services = labels.iter().zip(&self.services);
        let services: Vec<_> = services.map(|(labels, service)| (labels.as_slice(), &service.counters)).collect();
        Ok(tls::Counters::prometheus_page(&services)?)
    }
}

struct Service {
    labels: Vec<(String, String)>,
    counters: tls::Counters,
}

impl Service {
    fn labels(&self) -> Vec<(&str, &str)> {
        self.labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect()
    }
}

/// Starts an empty page.
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_prometheus_page_new(out: *mut *mut PrometheusPage, error: *mut *mut Error) -> Status {
    guard(error, || {
        *handle::slot(out, "out")? = handle::give(PrometheusPage::default());
        Ok(())
    })
}

/// Puts the numbers of one service on the page, each with `count` labels: names such as "service", and their values.
/// All is copied. Fails with TRUSTDIR_STATUS_INVALID_ARGUMENT, and leaves the page as it was, for labels that another
/// service on it has, and for a name that is none in the format, comes twice, or is there already ("kind", "reason",
/// "direction", "result").
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_prometheus_page_add(
    page: Option<&mut PrometheusPage>,
    counters: Option<&Counters>,
    names: *const *const c_char,
    values: *const *const c_char,
    count: usize,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let page = handle::required(page, "page")?;
        let counters = handle::required(counters, "counters")?.core().clone();
        let (names, values) = (text::list(names, count, "names")?, text::list(values, count, "values")?);
        let labels = names.into_iter().zip(values).map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        page.services.push(Service { labels, counters });
        // Told here, where it is known whose labels they are.
        page.text().map(drop).inspect_err(|_| drop(page.services.pop()))
    })
}

/// Writes the page: text exposition format 0.0.4, to be served as "text/plain; version=0.0.4".
#[must_use]
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_prometheus_page_text(
    page: Option<&PrometheusPage>,
    out: *mut *mut Buffer,
    error: *mut *mut Error,
) -> Status {
    guard(error, || {
        let out = handle::slot(out, "out")?;
        let page = handle::required(page, "page")?;
        *out = handle::give(Buffer::new(page.text()?.as_bytes()));
        Ok(())
    })
}

/// Frees the page. NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn trustdir_prometheus_page_free(page: Option<Box<PrometheusPage>>) {
    guard_or((), || page.map(drop));
}
