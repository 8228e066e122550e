using System.Reflection;
using System.Runtime.CompilerServices;

[assembly: AssemblyTitle("GhostHands.Protocol")]
[assembly: AssemblyDescription("The GhostHands wire protocol, version 1, without an engine")]
[assembly: AssemblyVersion("0.1.0.0")]

// The core reads documents and calculates with the same parts; nobody else should have to.
[assembly: InternalsVisibleTo("GhostHands.Core")]
[assembly: InternalsVisibleTo("GhostHands.Tests")]
