//! The calls about groups.

use isogloss_canonical::fault::Fault;
use serde_json::{Map, Value};

use crate::backend::api::transport::{Reply, With, get};
use crate::backend::api::{Acted, Api};
use crate::backend::fault::{key_refused, unavailable, unexpected};
use crate::backend::row::number;
use crate::ids::Gid;
use crate::roles::rights::Rights;

/// A group as the server shows it.
#[derive(Clone, Debug)]
pub(in crate::backend) struct Shown {
    /// The name.
    pub(in crate::backend) name: String,
    /// The rights.
    pub(in crate::backend) rights: Rights,
}

impl Api {
    /// Reads the ids and names of all groups.
    pub(in crate::backend) async fn groups(&self) -> Result<Vec<(Gid, String)>, Fault> {
        let Value::Array(rows) = self.read_groups("groups/getlist", Vec::new()).await? else {
            return Err(unexpected("the server answers no list of groups"));
        };
        let one = |row: &Value| {
            let name = row.get("name").and_then(Value::as_str)?;
            let id = row.get("id").and_then(number).and_then(|id| id.try_into().ok())?;
            Some((Gid(id), name.to_owned()))
        };
        let all: Option<Vec<_>> = rows.iter().map(one).collect();
        all.ok_or_else(|| unexpected("a group of the list has no id or no name"))
    }

    /// Reads a group. `None`: there is none; the server then shows only the labels of the rights
    /// (`fixtures/transcripts/dandelion/groups-read.json`).
    pub(in crate::backend) async fn group(&self, id: Gid) -> Result<Option<Shown>, Fault> {
        let id = id.to_string();
        let data = self.read_groups("groups/getgroup", vec![("groupid", &id)]).await?;
        let Some(name) = data.get("name").and_then(Value::as_str) else {
            let is_absent = data.get("permissions").is_some_and(Value::is_null);
            let odd = || unexpected("the server answers neither a group nor that there is none");
            return if is_absent { Ok(None) } else { Err(odd()) };
        };
        let rights = match data.get("permissions") {
            Some(Value::Object(members)) => Rights::Stored(Map::clone(members)),
            Some(Value::Null) => Rights::Wiped,
            _ => return Err(unexpected("a group has no rights")),
        };
        Ok(Some(Shown { name: name.to_owned(), rights }))
    }

    /// Creates a group.
    pub(in crate::backend) async fn create_group(
        &self,
        name: &str,
        rights: &str,
    ) -> Result<Acted, Fault> {
        let fields = vec![("name", name), ("rights", rights)];
        self.act("groups/create", fields, "User group created successfully").await
    }

    /// Sets the rights of a group.
    pub(in crate::backend) async fn edit_group(
        &self,
        id: Gid,
        rights: &str,
    ) -> Result<Acted, Fault> {
        let id = id.to_string();
        self.act("groups/edit", vec![("groupid", &id), ("rights", rights)], "User group saved")
            .await
    }

    /// Deletes a group.
    pub(in crate::backend) async fn delete_group(&self, id: Gid) -> Result<Acted, Fault> {
        let id = id.to_string();
        self.act("groups/delete", vec![("groupid", &id)], "Group deleted successfully.").await
    }

    /// Reads the rights of the holder of a key or a session: those that are stored for their group, not
    /// merged over the defaults. `None`: the server does not take the key or session.
    pub(in crate::backend) async fn rights_of_holder(
        &self,
        with: With<'_>,
    ) -> Result<Option<Value>, Fault> {
        match get(&self.upstream, with, "groups/getuserrights", Vec::new()).await? {
            Reply::Data(data) => Ok(Some(data)),
            Reply::KeyRefused | Reply::OwnerRefused => Ok(None),
            Reply::Nothing | Reply::Refused => Err(unexpected("the server shows no rights")),
            Reply::Failed(fault) => Err(fault),
        }
    }

    async fn read_groups(
        &self,
        method: &str,
        fields: Vec<(&'static str, &str)>,
    ) -> Result<Value, Fault> {
        match get(&self.upstream, With::Key(&self.service.secret), method, fields).await? {
            Reply::Data(data) => Ok(data),
            Reply::Nothing | Reply::Refused => Err(unexpected("the server shows no groups")),
            Reply::Failed(_) => Err(unavailable("the server cannot read groups")),
            Reply::KeyRefused | Reply::OwnerRefused => Err(key_refused()),
        }
    }
}
