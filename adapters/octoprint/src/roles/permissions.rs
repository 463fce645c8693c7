//! The permissions of OctoPrint as a table: those of its core and of its bundled plugins.

use std::sync::{Arc, LazyLock};

use serde_json::Value;

/// A permission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Permission {
    /// The name that callers use.
    pub(crate) key: String,
    /// The title that people read.
    pub(crate) title: String,
    /// What it is for. OctoPrint's own sentence is not copied.
    pub(crate) about: String,
    /// Whether guests can never have it.
    pub(crate) dangerous: bool,
    /// The built-in groups that have it on a fresh server.
    pub(crate) groups: Vec<String>,
    /// The roles it is made of.
    pub(crate) needs: Vec<String>,
    /// The plugin it belongs to.
    pub(crate) plugin: Option<String>,
}

/// A row: key, title, what it is for, dangerous, built-in groups, roles, plugin.
type Row = (
    &'static str,
    &'static str,
    &'static str,
    bool,
    &'static [&'static str],
    &'static [&'static str],
    &'static str,
);

fn permission(row: &Row) -> Arc<Permission> {
    let (key, title, about, dangerous, groups, needs, plugin) = *row;
    let texts = |list: &[&str]| list.iter().map(|text| (*text).to_owned()).collect();
    Arc::new(Permission {
        key: key.to_owned(),
        title: title.to_owned(),
        about: about.to_owned(),
        dangerous,
        groups: texts(groups),
        needs: texts(needs),
        plugin: (!plugin.is_empty()).then(|| plugin.to_owned()),
    })
}

/// The permission that includes every other one.
pub(crate) const ADMIN: &str = "ADMIN";

const ADMINS: &[&str] = &["admins"];
const USERS: &[&str] = &["users"];
const EVERYBODY: &[&str] = &["users", "readonly"];

/// Every permission, in OctoPrint's order.
#[rustfmt::skip]
const ROWS: [Row; 37] = [
    (ADMIN, "Admin", "May do everything", true, ADMINS, &["admin"], ""),
    ("STATUS", "Status", "See the state of the printer, its job and its temperatures", false, EVERYBODY, &["status"], ""),
    ("CONNECTION", "Connection", "Open and close the connection to the printer", false, USERS, &["connection"], ""),
    ("WEBCAM", "Webcam", "See the webcam", false, EVERYBODY, &["webcam"], ""),
    ("SYSTEM", "System", "Restart the server, run system commands and see system information", true, &[], &["system"], ""),
    ("FILES_LIST", "File List", "See which files and folders there are", false, EVERYBODY, &["files_list"], ""),
    ("FILES_UPLOAD", "File Upload", "Add files and folders", false, USERS, &["files_upload"], ""),
    ("FILES_DOWNLOAD", "File Download", "Fetch files", false, EVERYBODY, &["files_download"], ""),
    ("FILES_DELETE", "File Delete", "Remove files and folders", false, USERS, &["files_delete"], ""),
    ("FILES_SELECT", "File Select", "Choose the file to print", false, USERS, &["files_select"], ""),
    ("PRINT", "Print", "Start, pause and stop print jobs", false, USERS, &["print"], ""),
    ("GCODE_VIEWER", "GCODE viewer", "Look at the printed code, together with fetching files", false, EVERYBODY, &["gcodeviewer"], ""),
    ("MONITOR_TERMINAL", "Terminal", "Read along in the terminal", false, EVERYBODY, &["monitor_terminal"], ""),
    ("CONTROL", "Control", "Move and heat the printer, and send it commands", false, USERS, &["control"], ""),
    ("SLICE", "Slice", "Slice models", false, USERS, &["slice"], ""),
    ("TIMELAPSE_LIST", "Timelapse List", "See which time lapses there are", false, EVERYBODY, &["timelapse_list"], ""),
    ("TIMELAPSE_DOWNLOAD", "Timelapse Download", "Fetch time lapses", false, EVERYBODY, &["timelapse_download"], ""),
    ("TIMELAPSE_DELETE", "Timelapse Delete", "Remove time lapses", false, USERS, &["timelapse_delete"], ""),
    ("TIMELAPSE_MANAGE_UNRENDERED", "Timelapse Manage Unrendered", "Render and remove time lapses that are not rendered yet", false, USERS, &["timelapse_manage_unrendered"], ""),
    ("TIMELAPSE_ADMIN", "Timelapse Admin", "Change how time lapses are made", false, USERS, &["timelapse_admin"], ""),
    ("SETTINGS_READ", "Settings Access", "Read the settings that hold no secrets", false, EVERYBODY, &["settings_read"], ""),
    ("SETTINGS", "Settings Admin", "Read and change every setting", true, &[], &["settings"], ""),
    ("PLUGIN_ACHIEVEMENTS_VIEW", "Achievements Plugin: View instance achievements & stats", "See achievements", false, &["readonly", "users", "admins"], &["plugin_achievements_view"], "achievements"),
    ("PLUGIN_ACHIEVEMENTS_RESET", "Achievements Plugin: Reset instance achievements & stats", "Start achievements afresh", false, ADMINS, &["plugin_achievements_reset"], "achievements"),
    ("PLUGIN_ACTION_COMMAND_NOTIFICATION_SHOW", "Action Command Notification Support: Show printer notifications", "See what the printer reports", false, USERS, &["plugin_action_command_notification_show"], "action_command_notification"),
    ("PLUGIN_ACTION_COMMAND_NOTIFICATION_CLEAR", "Action Command Notification Support: Clear printer notifications", "Clear what the printer reported", false, USERS, &["plugin_action_command_notification_clear"], "action_command_notification"),
    ("PLUGIN_ACTION_COMMAND_PROMPT_INTERACT", "Action Command Prompt Support: Interact with printer prompts", "Answer questions of the printer", false, USERS, &["plugin_action_command_prompt_interact"], "action_command_prompt"),
    ("PLUGIN_APPKEYS_ADMIN", "Application Keys Plugin: Admin access", "Manage every application key", true, ADMINS, &["plugin_appkeys_admin"], "appkeys"),
    ("PLUGIN_APPKEYS_GRANT", "Application Keys Plugin: Grant access", "Let applications in", false, USERS, &["plugin_appkeys_user"], "appkeys"),
    ("PLUGIN_BACKUP_CREATE", "Backup & Restore: Create backup", "Make backups", false, ADMINS, &["plugin_backup_create"], "backup"),
    ("PLUGIN_FILE_CHECK_RUN", "File Check: Run File Check", "Have files checked", false, &["users", "admins"], &["plugin_file_check_run"], "file_check"),
    ("PLUGIN_FIRMWARE_CHECK_DISPLAY", "Firmware Check: Display firmware check warnings", "See warnings about the firmware", false, USERS, &["plugin_firmware_check_display"], "firmware_check"),
    ("PLUGIN_HEALTH_CHECK_CHECK", "Healthcheck Plugin: Perform healthchecks", "Have the server checked", false, ADMINS, &["plugin_health_check_check"], "health_check"),
    ("PLUGIN_LOGGING_MANAGE", "Logging: Logging management", "Read and manage logs", false, ADMINS, &["plugin_logging_manage"], "logging"),
    ("PLUGIN_PLUGINMANAGER_LIST", "Plugin Manager: List plugins", "See which plugins there are", false, &["readonly", "users", "admins"], &["plugin_pluginmanager_list"], "pluginmanager"),
    ("PLUGIN_PLUGINMANAGER_MANAGE", "Plugin Manager: Manage plugins", "Switch plugins on and off", false, ADMINS, &["plugin_pluginmanager_manage"], "pluginmanager"),
    ("PLUGIN_PLUGINMANAGER_INSTALL", "Plugin Manager: Install new plugins", "Install plugins", true, ADMINS, &["plugin_pluginmanager_install", "plugin_pluginmanager_manage"], "pluginmanager"),
];

/// The permissions of [`ROWS`].
pub(crate) static PERMISSIONS: LazyLock<Vec<Arc<Permission>>> =
    LazyLock::new(|| ROWS.iter().map(permission).collect());

impl Permission {
    /// The permission of this key, on a server with all bundled plugins.
    pub(crate) fn find(key: &str) -> Option<&'static Arc<Permission>> {
        PERMISSIONS.iter().find(|permission| permission.key == key)
    }

    /// Whether a server with all bundled plugins has it, or one with only `appkeys`.
    pub(crate) fn installed(&self, bundled: bool) -> bool {
        bundled || matches!(self.plugin.as_deref(), None | Some("appkeys"))
    }

    /// A permission as a server shows it. `None`: it has no key.
    pub(crate) fn shown(shape: &Value) -> Option<Arc<Self>> {
        let text = |name: &str| shape.get(name).and_then(Value::as_str).map(str::to_owned);
        let texts = |list: Option<&Value>| {
            let items = list.and_then(Value::as_array).into_iter().flatten();
            items.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        Some(Arc::new(Self {
            key: text("key")?,
            title: text("name").unwrap_or_default(),
            about: text("description").unwrap_or_default(),
            dangerous: shape.get("dangerous") == Some(&Value::Bool(true)),
            groups: texts(shape.get("default_groups")),
            needs: texts(shape.get("needs").and_then(|needs| needs.get("role"))),
            plugin: text("plugin"),
        }))
    }
}
