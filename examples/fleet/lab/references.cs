// The signatures against which Ansible.Basic.cs is compiled for a PowerShell that has no compiler; at run time the real ones are there.
#if JSON
namespace Newtonsoft.Json {
    public static class JsonConvert {
        public static T DeserializeObject<T>(string value) { return default(T); }
        public static string SerializeObject(object value) { return null; }
    }
}
#else
namespace System.Management.Automation {
    public class InvocationInfo { public string PositionMessage { get { return null; } } }
    public class ErrorCategoryInfo { }
    public class ErrorRecord {
        public ErrorCategoryInfo CategoryInfo { get { return null; } }
        public System.Exception Exception { get { return null; } }
        public string FullyQualifiedErrorId { get { return null; } }
        public InvocationInfo InvocationInfo { get { return null; } }
        public string ScriptStackTrace { get { return null; } }
    }
    public class PSObject { public object BaseObject { get { return null; } } }
    public class ScriptBlock {
        public static ScriptBlock Create(string script) { return null; }
        public System.Collections.ObjectModel.Collection<PSObject> Invoke(params object[] args) { return null; }
    }
}
namespace System.Management.Automation.Runspaces {
    public class Runspace { public static Runspace DefaultRunspace { get { return null; } set { } } }
}
#endif
