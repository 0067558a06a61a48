//! A new version that serves beside the old one until it is known whether it may take its place.

use std::sync::Arc;

use tracing::{info, warn};
use trine_gateway::host_tools::{HostTools, Leaving, ToolsId};

use crate::canary::{Canary, Split};
use crate::error::{Fault, Step};
use crate::load::About;
use crate::plugins::{Entry, Inner, Source, gone, may_replace};
use crate::work::{Running, Tools};

/// A trial that has begun.
struct Trial {
    /// The place of the old version in the list, which is held until it is over.
    place: usize,
    id: ToolsId,
    old: Arc<Running>,
    split: Arc<Split>,
}

impl Inner {
    /// Gives a new version a share of the calls, and then all of them or none.
    pub(crate) fn try_out(
        self: &Arc<Self>,
        source: &Source,
        canary: &Canary,
    ) -> Result<Leaving, Fault> {
        if let Some(why) = canary.fault() {
            return Err(Fault(Step::Trial, why.to_owned()));
        }
        let new: &About = &source.about;
        let may = |loaded: &[Entry]| {
            let place = self.place(loaded, &new.name);
            let place = place.map_err(|error| Fault::new(Step::Trial, error))?;
            may_replace(loaded, place, new).map_err(|why| Fault(Step::Dependencies, why))?;
            Ok(place)
        };
        // Before anything of it runs, and again when nothing else can change the list.
        may(&self.lock())?;
        let old = self.serving(&new.name);
        let instance = self.start(source, old.as_deref())?;
        // Nothing else swaps it meanwhile: who calls is served without this lock.
        let mut loaded = self.lock();
        let begun = may(&loaded).and_then(|place| self.split(&loaded, place, (&instance, canary)));
        let Trial { place, id, old, split } =
            begun.inspect_err(|_| Tools::new(&instance).shutdown())?;
        let judged = canary.judge(&instance, &split).map_err(|why| Fault(Step::Trial, why));
        let judged = judged.and_then(|()| self.serve_alone(id, &instance));
        let leaving = match judged {
            Ok(leaving) => leaving,
            Err(fault) => {
                drop(self.serve_alone(id, &old)?);
                let Fault(_, why) = &fault;
                warn!("plug-in {} {}: taken out after its trial: {why}", new.name, new.version);
                return Err(fault);
            }
        };
        info!("plug-in {} {}: serves after its trial", new.name, new.version);
        let entry = loaded.get_mut(place).ok_or_else(gone)?;
        entry.instance = instance;
        entry.previous = Some(std::mem::replace(&mut entry.from, source.clone()));
        if let Err(error) = self.list_highest(&mut loaded, &new.name) {
            warn!("plug-in {}: its highest version is not listed: {error}", new.name);
        }
        Ok(leaving)
    }

    /// Lets both versions serve.
    fn split(
        &self,
        loaded: &[Entry],
        place: usize,
        (new, canary): (&Arc<Running>, &Canary),
    ) -> Result<Trial, Fault> {
        let entry = loaded.get(place).ok_or_else(gone)?;
        let (id, old) = (entry.id, Arc::clone(&entry.instance));
        if old.table().list_hash() != new.table().list_hash() {
            let why = "its tools are described in another way: update without a trial";
            return Err(Fault(Step::Trial, why.to_owned()));
        }
        let split = Arc::new(Split::new(&old, new, *canary));
        let both: Arc<dyn HostTools> = split.clone();
        let leaving = self.hub.replace_tools(id, both).map_err(|error| {
            split.shutdown();
            Fault::new(Step::Trial, error)
        })?;
        drop(leaving);
        Ok(Trial { place, id, old, split })
    }

    /// Puts one version in the place of both. Where that cannot be both serve on.
    fn serve_alone(&self, id: ToolsId, which: &Arc<Running>) -> Result<Leaving, Fault> {
        let (tools, version) = (Arc::new(Tools::new(which)), which.about().version.to_string());
        let served: Arc<dyn HostTools> = tools.clone();
        self.hub.replace_version(id, served, &version).map_err(|error| {
            tools.shutdown();
            Fault::new(Step::Publish, error)
        })
    }
}
