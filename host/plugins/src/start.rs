//! From a file to a plug-in that works: what it needs, and how it is started.

use std::path::Path;
use std::sync::Arc;

use tracing::warn;
use trine_gateway::table::Table;

use crate::account::{Account, Charged};
use crate::error::{Fault, Result, Step};
use crate::instance::Instance;
use crate::isolate::Isolated;
use crate::ledger::Claim;
use crate::load::{About, Checked, Code, Needs, check};
use crate::module::Module;
use crate::plugins::{Inner, STUCK, Source};
use crate::work::{Running, Work as _};

impl Inner {
    /// The steps up to the table, and what of the machine it needs.
    pub(crate) fn map(&self, file: &Path, is_new: bool) -> Result<Source> {
        let checked = check(file, &self.policy)?;
        for finding in &checked.findings {
            warn!("{}: {finding}", file.display());
        }
        let Checked { file: library, signed_by, .. } = &checked;
        let (library, signed_by) = (library.clone(), signed_by.clone());
        // What the manifest says is looked at before anything of it runs.
        let claimed = checked.claimed().map_err(|fault| fault.of(&library))?;
        let called = || file.file_name().unwrap_or_default().to_string_lossy();
        self.allows(&called(), &claimed).map_err(|fault| fault.of(&library))?;
        if is_new {
            let left = self.ledger.check(&called(), &claimed);
            left.map_err(|why| Fault(Step::Resources, why).of(&library))?;
        }
        let (code, about) = checked.open(&self.policy, &self.children)?;
        self.allows(&about.name, &about.needs).map_err(|fault| fault.of(&library))?;
        measurable(&code, &about).map_err(|fault| fault.of(&library))?;
        Ok(Source { code, about, file: library, signed_by })
    }

    /// Whether it could be given what it needs, if nothing were given yet.
    pub(crate) fn allows(&self, name: &str, needs: &Needs) -> std::result::Result<(), Fault> {
        let allowed = self.policy.allows(needs).and_then(|()| self.ledger.bounds(name, needs));
        allowed.map_err(|why| Fault(Step::Resources, why))
    }

    /// Starts a plug-in. A library of whose functions one does not return is taken out.
    /// It has what it needs before, also of what the version has that it replaces.
    pub(crate) fn start(
        self: &Arc<Self>,
        source: &Source,
        old: Option<&Account>,
    ) -> std::result::Result<Arc<Running>, Fault> {
        let About { name, needs, .. } = &*source.about;
        let claim = match old {
            Some(old) => old.claim_over(&self.ledger, needs),
            None => self.ledger.take(name, needs),
        };
        let claim = claim.map_err(|why| Fault(Step::Resources, why))?;
        match &source.code {
            Code::Module(bytes, limits) => {
                let module = Module::start(bytes, limits)?;
                let account = self.account(source, module.table(), claim);
                Ok(Running::new(module, &account))
            }
            Code::Library(image) => {
                let account = self.account(source, &image.table, claim);
                let (inner, own) = (Arc::downgrade(self), Arc::clone(&account));
                let lost = move || Self::lost(&inner, &own, STUCK);
                let started = Instance::start(image, self.policy.patience, &account, lost);
                // Where a function has not returned it is kept.
                let started = started.inspect_err(|_| account.end());
                Ok(Running::new(started?, &account))
            }
            Code::Isolated(sealed) => {
                let account = self.account(source, sealed.table(), claim);
                let (inner, own) = (Arc::downgrade(self), Arc::clone(&account));
                let lost = move |why: &str| Self::lost(&inner, &own, why);
                let isolated = Isolated::start(sealed, Charged::to(&account), lost);
                let isolated = isolated.inspect_err(|_| account.end())?;
                account.read_process(isolated.reader());
                Ok(Running::new(isolated, &account))
            }
        }
    }

    /// A new account of a version.
    fn account(&self, source: &Source, table: &Arc<Table>, claim: Claim) -> Arc<Account> {
        let account = Account::new(&source.about, table, self.policy.max_rss.as_ref(), claim);
        self.book.add(&account);
        account
    }
}

/// Refuses a limit of processor time where that is not measured: it would limit nothing.
fn measurable(code: &Code, about: &About) -> std::result::Result<(), Fault> {
    let instead = match code {
        Code::Module(..) => "it is a module: limit its instructions, with fuel in [limits]",
        Code::Isolated(_) => "it runs in a process of its own: use --isolate-cpu",
        Code::Library(_) if !cfg!(target_os = "linux") => "it is measured on Linux alone",
        Code::Library(_) => return Ok(()),
    };
    if about.needs.cpu_per_minute.is_zero() {
        return Ok(());
    }
    let why = format!("{}: leave cpu_seconds out of its needs, since {instead}", about.name);
    Err(Fault(Step::Resources, why))
}
