using System.Reflection;

[assembly: AssemblyTitle("GhostHands.Protocol")]
[assembly: AssemblyDescription("The GhostHands wire protocol, version 1, without an engine")]
[assembly: AssemblyVersion("0.1.0.0")]
